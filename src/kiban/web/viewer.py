"""Who looks at a page, and what there is to see for them. What is not visible is 404, as if it did not exist."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec, cast
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from kiban.access import bodies
from kiban.access.actors import actor_for, bodies_of
from kiban.access.bodies_source import BodyRow
from kiban.access.models import User
from kiban.access.scope import scope
from kiban.cases import queries
from kiban.cases.facts import facts_for
from kiban.cases.queries import CaseView
from kiban.definitions import editions, local
from kiban.kernel.definitions.compile import CompiledProcedure, CompiledService
from kiban.kernel.facts import ActorFacts, CaseState, Facts
from kiban.ops import clock
from kiban.web import sign_in

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


@dataclass(frozen=True)
class Place:
    """A service at a body, seen by an actor."""

    body: BodyRow
    compiled: CompiledService
    edition: str
    actor: ActorFacts

    @property
    def slug(self) -> str:
        return self.compiled.service.slug

    def title(self, language: str) -> str:
        """The body and the service in words."""
        return f"{self.body.name} {self.compiled.service.label.text(language)}"

    def facts(self, case: CaseState | None = None, compiled: CompiledService | None = None) -> Facts:
        """The facts on which a form is evaluated here and now."""
        return facts_for(compiled or self.compiled, self.body.code, self.actor, clock.now(), case)

    def procedure(self, name: str) -> CompiledProcedure:
        """The procedure in the edition in force. Raises Http404."""
        found = self.compiled.procedures.get(name)
        if found is None:
            raise Http404
        return found


def user_of(request: HttpRequest) -> User | None:
    """The person who is signed in, or None."""
    return request.user if request.user.is_authenticated else None  # type: ignore[return-value]


def body_row(code: str) -> BodyRow:
    """The body with this code. Raises Http404."""
    try:
        return bodies.row(code)
    except bodies.UnknownBody:
        raise Http404 from None


def body_name(code: str) -> str:
    """The full name of a body, empty when there is none with this code."""
    return bodies.row(code).full_name if bodies.exists(code) else ""


def service_today(slug: str) -> tuple[CompiledService, str]:
    """The edition of a service in force today, and its id. Raises Http404."""
    try:
        edition = editions.current_id(slug, clock.today())
        return editions.get(edition), edition
    except editions.UnknownService:
        raise Http404 from None


def place_of(request: HttpRequest, body: str, service: str) -> Place:
    """The service at the body as the signed-in person may see it. Raises Http404, also without any role there."""
    user = user_of(request)
    if user is None:
        raise Http404
    return place_for(user, body, service)


def place_for(user: User, body: str, service: str) -> Place:
    """As `place_of`, for a user."""
    row = body_row(body)
    compiled, edition = service_today(service)
    actor = actor_for(user, body, compiled.service, on=clock.today())
    if not actor.roles:
        raise Http404
    if actor.kind == "party" or actor.place == body:
        compiled = local.edition(edition, body, clock.today())
    return Place(row, compiled, edition, actor)


def case_for(user: User, body: str, case_id: UUID, *, summary: bool = False) -> tuple[Place, CaseView]:
    """A case that the user may see, with the place in the case's own edition. Raises Http404.

    `summary`: also for those who see no more than a grant names; what is shown then is up to `queries.sees`.
    """
    row = body_row(body)
    with scope(body, viewer=str(user.id)):
        found = queries.view(case_id)
    if found is None:
        raise Http404
    actor = actor_for(user, body, found.compiled.service, on=clock.today())
    if not queries.visible(found, actor) or (queries.sees(found, actor).summary and not summary):
        raise Http404
    found = queries.with_local(found, actor)
    return Place(row, found.compiled, found.row.edition, actor), found


def places_of_staff(user: User) -> list[tuple[str, str]]:
    """The (body, service) pairs in which a member of staff has a role today."""
    today = clock.today()
    known = set(editions.services(today))
    return [(body, service) for body, service in bodies_of(user, on=today) if service in known]


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """To the sign-in page, and back here afterwards. A form that was sent goes along; a script is told 401."""
    if request.headers.get("HX-Request"):
        return HttpResponse(status=401)
    if request.method == "POST":
        return sign_in.ask(request, request.get_full_path())
    return HttpResponseRedirect(f"{reverse('sign-in')}?{urlencode({'next': request.get_full_path()})}")


def party_only(view: View[P]) -> View[P]:
    """For parties: strangers are asked to sign in, staff find nothing here."""
    return _only("party", view)


def staff_only(view: View[P]) -> View[P]:
    """For staff: strangers are asked to sign in, parties find nothing here."""
    return _only("staff", view)


def _only(kind: str, view: View[P]) -> View[P]:
    @wraps(view)
    def wrapped(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        user = user_of(request)
        if user is None:
            return to_sign_in(request)
        if user.kind != kind:
            raise Http404
        return view(request, *args, **kwargs)

    return cast("View[P]", wrapped)
