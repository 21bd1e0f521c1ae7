"""Signing in and out. In a demonstration people are chosen; else staff sign in with a password."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout
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
from django.views.decorators.http import require_http_methods, require_POST

from kiban.access import passwords
from kiban.access.models import User
from kiban.access.passwords import Locked
from kiban.web import kept

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
    return _enter(request, found, wanted)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Ends the session."""
    logout(request)
    return HttpResponseRedirect(reverse("home"))


@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def use_link(request: HttpRequest, user: UUID, token: str) -> HttpResponse:
    """Sets a password with a one-time link, and signs in. Opening the page alone does not use the link up."""
    found = passwords.user_of_link(user, token)
    context = {
        "crumbs": [(_("Home"), reverse("home")), (_("Set a password"), "")],
        "person": found, "help": password_validators_help_texts(),
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
    return _enter(request, found, "")


def _page(
    request: HttpRequest, wanted: str, name: str = "", problems: list[tuple[str, str]] | None = None, status: int = 200
) -> HttpResponse:  # fmt: skip
    context = {
        "crumbs": [(_("Home"), reverse("home")), (_("Sign in"), "")], "next": wanted, "username": name,
        "problems": problems or [], "kept": kept.text_of(request) if _carries(request) else "",
    }  # fmt: skip
    return render(request, "web/sign_in/password.html", context, status=status)


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


def _enter(request: HttpRequest, user: User, wanted: str) -> HttpResponse:
    login(request, user, backend=_BACKEND)
    onward = kept.resume(request)
    answer = onward or HttpResponseRedirect(wanted or reverse("my" if user.kind == "party" else "desk"))
    passwords.remember(answer, user)
    return answer
