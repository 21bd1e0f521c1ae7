"""The desk's lists: where one works, and the inbox of a service at a body."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from kiban.access import bodies
from kiban.access.actors import administers, reaches_above, sees_body, sees_figures
from kiban.access.models import User
from kiban.access.scope import scope
from kiban.cases import queries
from kiban.cases.paging import BadCursor, Page
from kiban.definitions import editions
from kiban.kernel.definitions.compile import CompiledProcedure, CompiledService
from kiban.kernel.sight import sight
from kiban.kernel.state import state_from_json
from kiban.ops import clock
from kiban.web import display
from kiban.web.desk.export import years
from kiban.web.desk.filters import acts_on_many, filters, handlers, said, standing_in, wishes
from kiban.web.public.catalogue import opening_action
from kiban.web.templatetags.kiban import language
from kiban.web.viewer import Place, place_of, places_of_staff, staff_only, user_of

_PAGE = 30


@require_safe
@staff_only
def desk(request: HttpRequest) -> HttpResponse:
    """The services and bodies in which one has a role."""
    user = user_of(request)
    assert user is not None
    today = clock.today()
    places = [
        (bodies.row(body), editions.current(service, today))
        for body, service in places_of_staff(user)
        if bodies.exists(body)
    ]
    if len(places) == 1:
        body, compiled = places[0]
        return HttpResponseRedirect(reverse("desk-inbox", args=[body.code, compiled.service.slug]))
    return render(request, "web/desk/desk.html", {"places": places})


def tabs(place: Place, now: str) -> list[tuple[str, str, bool]]:
    """The areas of a service at a body that the actor's roles reach: inbox, registries, figures."""
    args = [place.body.code, place.slug]
    sees = sees_body(place.compiled.service, place.actor)
    found = [(_("Cases"), reverse("desk-inbox", args=args), now == "inbox")] if sees else []
    if reaches_above(place.compiled.service, place.actor):
        found.append((_("Cases of other bodies"), reverse("desk-shared", args=args), now == "shared"))
    found += [
        (
            registry.label.text(language()),
            reverse("desk-registry", args=[*args, name]),
            now == f"registry:{name}",
        )
        for name, registry in place.compiled.service.registries.items()
        if sees
    ]
    if sees and charges_money(place.compiled):
        found.append((_("Money"), reverse("money", args=args), now == "money"))
    if place.compiled.service.figures and sees_figures(place.compiled.service, place.actor):
        found.append((_("Figures"), reverse("desk-figures", args=args), now == "figures"))
    if sees:
        found.append((_("Effect"), reverse("desk-effect", args=args), now == "effect"))
    found.append((_("Notices"), reverse("desk-notices", args=args), now == "notices"))
    if administers(place.compiled.service, place.actor):
        found.append((_("Settings"), reverse("settings", args=args), now == "settings"))
    return found


def charges_money(compiled: CompiledService) -> bool:
    """Whether any procedure of the service charges something."""
    return any(procedure.charges for procedure in compiled.procedures.values())


@require_safe
@staff_only
def inbox(request: HttpRequest, body: str, service: str) -> HttpResponse:
    """Cases: what is due first, with filters and search. Whose role does not reach them is led to what it reaches."""
    place = place_of(request, body, service)
    if not sees_body(place.compiled.service, place.actor):
        return HttpResponseRedirect(next(url for _label, url, _now in tabs(place, "")))
    chosen = filters(request.GET, place)
    today = clock.today()
    page = _page(request, place, chosen)
    with scope(body, viewer=place.actor.id):
        queries.log_access("list")
        counts = queries.counts(place.compiled)
    context: dict[str, Any] = {
        "place": place, "tabs": tabs(place, "inbox"), "chosen": chosen, "page_of_cases": page,
        "lines": [_line(row, today, place.actor.roles) for row in page.rows],
        "procedures": [(n, p.procedure.label) for n, p in place.compiled.procedures.items()],
        "states": _states(place, counts, chosen["procedure"]),
        "next_url": f"?{urlencode({**said(chosen), 'cursor': page.next})}" if page.next else "",
        "first_url": f"?{urlencode(said(chosen))}" if request.GET.get("cursor") else "",
        "handlers": handlers(place), "names": _assignees(place, page.rows),
        "openings": _openings(place), "many": acts_on_many(place), "standing_in": standing_in(place),
        "file_years": years(place), "filtered": bool(said(chosen)),
        "crumbs": [(_("Staff desk"), reverse("desk")), (place.title(language()), "")],
    }  # fmt: skip
    return render(request, "web/desk/inbox.html", context)


def _page(request: HttpRequest, place: Place, chosen: dict[str, str]) -> Page[Any]:
    with scope(place.body.code, viewer=place.actor.id):
        arguments = {**wishes(place, chosen), "limit": _PAGE}
        try:
            return queries.inbox(place.compiled, **arguments, cursor=request.GET.get("cursor") or None)
        except BadCursor:
            return queries.inbox(place.compiled, **arguments)


def _line(row: Any, today: Any, roles: Iterable[str]) -> dict[str, Any]:
    compiled = editions.get(row.edition)
    procedure = compiled.procedures[row.procedure]
    state = state_from_json(procedure, row.document, id=str(row.id), number=row.number, seq=row.seq)
    overdue = row.due_on is not None and row.due_on < today
    return {
        "row": row, "procedure": procedure.procedure.label, "state": procedure.procedure.states[row.state].label,
        "tone": display.state_tone(procedure, row.state, overdue), "overdue": overdue,
        "due_today": row.due_on == today, "columns": _columns(procedure, state.values, roles),
    }  # fmt: skip


def _assignees(place: Place, rows: Iterable[Any]) -> dict[UUID, str]:
    """By case: the name of who handles it, for those who work there."""
    if not handlers(place):
        return {}
    by_case = {row.id: str((row.document.get("office") or {}).get("assignee") or "") for row in rows}
    users = User.objects.filter(id__in={person for person in by_case.values() if person})
    names = {str(user.id): user.display_name for user in users}
    return {case: names[person] for case, person in by_case.items() if person in names}


def _columns(procedure: CompiledProcedure, values: Any, roles: Iterable[str]) -> tuple[display.Line, ...]:
    codecs = {**procedure.codecs.fields, **procedure.codecs.computed}
    seen = sight(procedure, roles).names
    return display.lines(
        codecs, [name for name in procedure.procedure.columns if name in seen], values, {}, language()
    )


def _states(place: Place, counts: Any, procedure: str) -> list[tuple[str, str]]:
    """Choices of states, the open ones with how many cases stand there; named with their procedure where there are
    several."""
    found = []
    many = len(place.compiled.procedures) > 1 and not procedure
    for name, compiled in place.compiled.procedures.items():
        if procedure and name != procedure:
            continue
        for state in compiled.procedure.states.values():
            number = counts.get((name, state.name), 0)
            label = state.label.text(language())
            if many:
                label = f"{label}（{compiled.procedure.label.text(language())}）"
            if number or state.final:
                found.append((f"{name}.{state.name}", label if state.final else f"{label}（{number}）"))
    return found


def _openings(place: Place) -> list[tuple[str, Any]]:
    """Procedures that one may open at the counter: (url, label)."""
    found = []
    for name, procedure in place.compiled.procedures.items():
        if opening_action(procedure, place.actor.roles) is not None:
            found.append(
                (reverse("desk-new", args=[place.body.code, place.slug, name]), procedure.procedure.label)
            )
    return found
