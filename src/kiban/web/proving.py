"""Important acts ask again who somebody is, unless they have proved it lately: a screen may have been left open.

By their password, with the provider with whom the session began, or, as a person of the demonstration, by a button.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from kiban.access import passwords, sessions
from kiban.access.models import Identity, User
from kiban.access.passwords import Locked
from kiban.web import identity, kept
from kiban.web.sign_in import safe_next
from kiban.web.viewer import to_sign_in, user_of

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]
_LONGEST = 200


def asks_again(view: View[P]) -> View[P]:
    """A form of this page is taken from somebody who has proved lately who they are; it waits until they have."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        user = user_of(request)
        if request.method == "POST" and user is not None and not sessions.proved_lately(request):
            return _page(request, user, request.get_full_path(), status=403)
        return view(request, *args, **kwargs)

    return cast("View[P]", wrapped)


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def prove(request: HttpRequest) -> HttpResponse:
    """Takes the proof, and goes on with the form that waited."""
    user, wanted = user_of(request), safe_next(request, reverse("home"))
    if user is None:
        return to_sign_in(request)
    if request.method != "POST":
        return _page(request, user, wanted)
    if _chosen(user):
        return _go_on(request, wanted)
    found = passwords.sign_in(request, user.username, request.POST.get("password", "")[:_LONGEST])
    if isinstance(found, Locked):
        until = date_format(timezone.localtime(found.until), "H:i:s")
        said = _("Sign-in failed too often. Please try again after %s, or ask your administrator.") % until
        answer = _page(request, user, wanted, said, 429)
        answer["Retry-After"] = str(found.seconds(timezone.now()))
        return answer
    if found is None or found.pk != user.pk:
        return _page(
            request, user, wanted, _("The password is not right. Please check it and try again."), 422
        )
    return _go_on(request, wanted)


def _go_on(request: HttpRequest, wanted: str) -> HttpResponse:
    sessions.proved(request)
    request.session.cycle_key()
    return kept.resume(request) or HttpResponseRedirect(wanted)


def _page(
    request: HttpRequest, user: User, wanted: str, problem: str = "", status: int = 200
) -> HttpResponse:
    context = {
        "crumbs": [(_("Home"), reverse("home")), (_("Confirm that it is you"), "")], "next": wanted, "problem": problem,
        "problems": [("password", problem)] if problem else [], "kept": _typed(request), "chosen": _chosen(user),
        "has_password": user.has_usable_password(), "provider": identity.provider_of(request),
    }  # fmt: skip
    return render(request, "web/sign_in/again.html", context, status=status)


def _typed(request: HttpRequest) -> str:
    """The form that waits: the one that was sent, or the one that this page carries already."""
    here = request.path == reverse("sign-in-again") and kept.NAME not in request.POST
    return "" if here else kept.text_of(request)


def _chosen(user: User) -> bool:
    """A person of the demonstration, who has nothing to prove it with."""
    return settings.MODE in ("demo", "test") and not (
        user.has_usable_password() or Identity.objects.filter(user=user).exists()
    )
