"""Signing in: with an identity provider (kiban.web.identity leads there), for staff also with a password.

In a demonstration people are chosen.
"""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from kiban.access import bodies, passwords
from kiban.access.bodies_source import BodyRow
from kiban.access.identity import providers
from kiban.access.identity.providers import Provider
from kiban.access.models import RoleGrant, User
from kiban.access.passwords import Locked
from kiban.web import kept
from kiban.web.kept import Kept
from kiban.web.underway import UnderWay

_BACKEND = "django.contrib.auth.backends.ModelBackend"
_LONGEST = 200


def safe_next(request: HttpRequest, otherwise: str) -> str:
    """The page to go to afterwards, never another site."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if safe and wanted.startswith("/") else otherwise


def ask(request: HttpRequest, wanted: str) -> HttpResponse:
    """The page to sign in, in the place of one that was asked for by a form: the form is carried along."""
    if settings.MODE in ("demo", "test"):
        from kiban.web.demo.views import choose

        return choose(request, wanted)
    return _page(request, wanted)


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The ways to sign in: in a demonstration its people, else name and password."""
    wanted = safe_next(request, "")
    if settings.MODE in ("demo", "test"):
        query = f"?{urlencode({'next': wanted})}" if wanted else ""
        return HttpResponseRedirect(reverse("demo-people") + query)
    if request.method != "POST":
        return _page(request, wanted)
    name, password = (request.POST.get(field, "")[:_LONGEST] for field in ("username", "password"))
    problems = _missing(name, password)
    if problems:
        return _page(request, wanted, name, problems, 422)
    found = passwords.sign_in(request, name, password)
    if isinstance(found, Locked):
        until = date_format(timezone.localtime(found.until), "H:i:s")
        said = _("Sign-in failed too often. Please try again after %s, or ask your administrator.") % until
        answer = _page(request, wanted, name, [("username", said)], 429)
        answer["Retry-After"] = str(found.seconds(timezone.now()))
        return answer
    if found is None:
        said = _("The user name or the password is not right. Please check both and try again.")
        return _page(request, wanted, name, [("username", said)], 422)
    return _remembered(request, found, wanted)


@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def use_link(request: HttpRequest, user: UUID, token: str) -> HttpResponse:
    """Sets a password with a one-time link, and signs in. Opening the page alone does not use the link up."""
    found = passwords.user_of_link(user, token)
    context = {
        "crumbs": [(_("Home"), reverse("home")), (_("Set a password"), "")],
        "person": found, "help": password_validators_help_texts(), "token": token, "providers": _of_bodies(found),
    }  # fmt: skip
    if found is None:
        return render(request, "web/sign_in/link.html", context, status=404)
    if request.method != "POST":
        return render(request, "web/sign_in/link.html", context)
    password = request.POST.get("password", "")[:_LONGEST]
    problems = _password_problems(found, password, request.POST.get("again", "")[:_LONGEST])
    if problems:
        return render(request, "web/sign_in/link.html", {**context, "problems": problems}, status=422)
    found.set_password(password)
    found.save(update_fields=["password"])
    passwords.unlock(found.username)
    messages.success(request, _("Your password was set."))
    return _remembered(request, found, "")


def providers_of() -> list[tuple[str, list[tuple[Provider, BodyRow | None]]]]:
    """The identity providers with their bodies, by whom they are for; those for whom there is none are left out."""
    words = {
        "person": _("For residents"), "business": _("For businesses"), "staff": _("For staff of public bodies"),
    }  # fmt: skip
    found = [
        (title, [_with_body(o) for o in providers.configured() if o.kind == kind])
        for kind, title in words.items()
    ]
    return [(title, some) for title, some in found if some]


def kept_text(request: HttpRequest, begun: UnderWay | None) -> str:
    """What goes along through signing in, as the text of a hidden field: of this form, or from before the provider."""
    found = kept.carried(request) or (begun.kept if begun is not None else None)
    return found.text() if found is not None else ""


def _page(
    request: HttpRequest, wanted: str, name: str = "", problems: list[tuple[str, str]] | None = None, status: int = 200
) -> HttpResponse:  # fmt: skip
    context = {
        "crumbs": [(_("Home"), reverse("home")), (_("Sign in"), "")], "next": wanted, "username": name,
        "problems": problems or [], "kept": kept.text_of(request) if _carries(request) else "",
        "providers": providers_of(),
    }  # fmt: skip
    return render(request, "web/sign_in/password.html", context, status=status)


def _with_body(provider: Provider) -> tuple[Provider, BodyRow | None]:
    return provider, bodies.row(provider.body) if bodies.exists(provider.body) else None


def _of_bodies(person: User | None) -> list[Provider]:
    """The providers of the bodies where somebody has a role: an account there can be linked with a one-time link."""
    if person is None:
        return []
    held = set(RoleGrant.objects.filter(user=person).values_list("body", flat=True))
    return [one for one in providers.configured() if one.kind == "staff" and one.body in held]


def _carries(request: HttpRequest) -> bool:
    """Whether a form goes along: one that was sent elsewhere, or one that this page carries already."""
    return request.path != reverse("sign-in") or kept.NAME in request.POST


def _missing(name: str, password: str) -> list[tuple[str, str]]:
    problems = []
    if not name.strip():
        problems.append(("username", _("Please enter your user name.")))
    if not password:
        problems.append(("password", _("Please enter your password.")))
    return problems


def _password_problems(user: User, password: str, again: str) -> list[tuple[str, str]]:
    try:
        validate_password(password, user)
    except ValidationError as error:
        return [("password", text) for text in error.messages]
    if password != again:
        return [("again", _("The two passwords differ. Please enter the same one twice."))]
    return []


def enter(request: HttpRequest, user: User, wanted: str, typed: Kept | None) -> HttpResponse:
    """Signs in with a new session, and goes on: with what was typed before, to `wanted`, or to one's own page."""
    login(request, user, backend=_BACKEND)
    if typed is not None:
        return kept.again(request, typed)
    return HttpResponseRedirect(wanted or reverse("my" if user.kind == "party" else "desk"))


def _remembered(request: HttpRequest, user: User, wanted: str) -> HttpResponse:
    answer = enter(request, user, wanted, kept.carried(request))
    passwords.remember(answer, user)
    return answer
