"""Signing in with an identity provider: to its page, and back with an answer. Signing out, there too."""

from __future__ import annotations

import logging
from uuid import UUID

from django.conf import settings
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from kiban.access.identity import linking, openid, providers
from kiban.access.identity.providers import Provider
from kiban.access.identity.refusals import Cancelled, Disabled, NoProof, Refused, Unknown, Unreachable
from kiban.ops.config import ConfigurationError
from kiban.web import sign_in, underway
from kiban.web.underway import UnderWay

_log = logging.getLogger("kiban.identity")
_WITH = "kiban_provider"  # in the session: (name of the provider, id_token), for signing out there too


@sensitive_post_parameters("token")
@require_POST
def start(request: HttpRequest, name: str) -> HttpResponse:
    """To the provider's page. By POST, so that nobody is sent there by a link from elsewhere."""
    provider = _provider(name)
    try:
        attempt, address = openid.begin(provider, _back(provider), again="again" in request.POST)
    except (Unreachable, ConfigurationError) as error:
        return _refused(request, provider, error, None)
    answer = _onward(request, address, provider.label.text(_language(request)))
    underway.put(request, answer, attempt, sign_in.safe_next(request, ""), _link(request, provider))
    return answer


@require_GET
def done(request: HttpRequest, name: str) -> HttpResponse:
    """The provider's answer, which the browser brings. Each attempt has one answer."""
    provider = _provider(name)
    begun = underway.take(request, request.GET.get("state", ""))
    try:
        if begun is None:
            raise Refused("state")
        proof = openid.finish(provider, begun.attempt, request.GET.dict(), _back(provider))
        user = linking.user_of(provider, proof, begun.link)
        if begun.attempt.again and request.user.is_authenticated and request.user != user:
            raise Refused("another_person")
    except (NoProof, ConfigurationError) as error:
        return _refused(request, provider, error, begun)
    answer = sign_in.enter(request, user, begun.wanted, begun.kept)
    request.session[_WITH] = (provider.name, proof.id_token)
    _log.info("signed in", extra={"provider": provider.name, "user": str(user.id)})
    return answer


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Ends the session, and goes on to the provider's page where the session began with one."""
    onward = _end_there(request)
    logout(request)
    return onward or HttpResponseRedirect(reverse("home"))


def provider_of(request: HttpRequest) -> Provider | None:
    """The provider with whom this session began."""
    name, _id_token = request.session.get(_WITH) or ("", "")
    try:
        return providers.provider(name)
    except LookupError:
        return None


def _end_there(request: HttpRequest) -> HttpResponse | None:
    """A page that goes on to sign out of the provider with whom this session began; None where there is nothing."""
    provider = provider_of(request)
    if provider is None:
        return None
    address = openid.end_address(provider, request.session[_WITH][1], settings.BASE_URL + reverse("home"))
    return _onward(request, address, provider.label.text(_language(request)), out=True) if address else None


def _onward(request: HttpRequest, address: str, label: str, *, out: bool = False) -> HttpResponse:
    """A page that leads on by itself: a form may only be sent to this site, not on to another by redirect."""
    return render(request, "web/sign_in/onward.html", {"address": address, "label": label, "out": out})


def _refused(
    request: HttpRequest, provider: Provider, error: Exception, begun: UnderWay | None
) -> HttpResponse:
    """What went wrong and how to go on; what was typed is still there."""
    why = error.why if isinstance(error, Refused) else type(error).__name__.lower()
    told = str(error) if isinstance(error, Unreachable | ConfigurationError) else ""
    _log.warning("sign-in refused", extra={"provider": provider.name, "why": why, "told": told})
    status, title, said = _words(error)
    account = error.account if isinstance(error, Unknown) else ""
    context = {
        "crumbs": [(_("Home"), reverse("home")), (_("Sign in"), reverse("sign-in")), (title, "")],
        "title": title, "said": said, "provider": provider, "account": account, "unknown": isinstance(error, Unknown),
        "next": begun.wanted if begun else sign_in.safe_next(request, ""), "kept": sign_in.kept_text(request, begun),
        "again": begun.attempt.again if begun else "again" in request.POST,
    }  # fmt: skip
    return render(request, "web/sign_in/refused.html", context, status=status)


def _words(error: Exception) -> tuple[int, str, str]:
    """Status, title and advice."""
    if isinstance(error, Cancelled):
        return (
            200,
            _("You did not sign in"),
            _("You came back without signing in. You can try again at any time."),
        )
    if isinstance(error, Unknown):
        return 403, _("You are not entered yet"), _(
            "Please ask your administrator to enter you under this user name, or for a one-time sign-in link."
        )  # fmt: skip
    if isinstance(error, Disabled):
        return 403, _("You can't sign in"), _("Your access was stopped. Please ask your administrator.")
    if isinstance(error, Refused) and error.why in ("state", "too_late", "invalid_grant"):
        return 400, _("This sign-in is over"), _(
            "It was begun too long ago, in another window or browser, or was used already. Please sign in again."
        )  # fmt: skip
    if isinstance(error, Refused) and error.why == "another_person":
        return 403, _("This is another account"), _(
            "You are signed in here with another account. Please confirm with that one, or sign out first."
        )  # fmt: skip
    if isinstance(error, Refused) and error.why == "link":
        return 403, _("This link no longer holds"), _(
            "A sign-in link holds for one day and can be used once. Please ask your administrator for a new one."
        )  # fmt: skip
    if isinstance(error, Refused):
        return 403, _("The sign-in could not be confirmed"), _(
            "For your safety nobody was signed in. Please try again; if it happens again, please tell us."
        )  # fmt: skip
    return 503, _("The sign-in service does not answer"), _(
        "Please wait a little and try again, or choose another way to sign in."
    )  # fmt: skip


def _provider(name: str) -> Provider:
    try:
        return providers.provider(name)
    except LookupError:
        raise Http404 from None


def _back(provider: Provider) -> str:
    """Where the provider sends people back to: an address of its own for each."""
    return f"{settings.BASE_URL}{reverse('sign-in-done', args=[provider.name])}"


def _link(request: HttpRequest, provider: Provider) -> tuple[str, str] | None:
    """The one-time link on whose page the button stood."""
    user, token = request.POST.get("user", ""), request.POST.get("token", "")[:200]
    if provider.kind != "staff" or not token:
        return None
    try:
        return str(UUID(user)), token
    except ValueError:
        return None


def _language(request: HttpRequest) -> str:
    return str(getattr(request, "LANGUAGE_CODE", "ja"))
