"""When a session ends by itself: after a while without a page (KIBAN_SESSION_IDLE_MINUTES), and after 8 hours at most.

The moment of the last page stands in the session and is written at most once a minute. Asking how long the session
still lasts (the route named `session`, by GET) is not a page: a browser that only watches does not keep it open.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _

_SEEN, _BEGUN, _PROVED = "kiban_seen", "kiban_begun", "kiban_proved"
_WRITE_EVERY = 60  # seconds


@dataclass(frozen=True)
class Left:
    """How long a session still lasts: `seconds`, and whether the next page makes it longer."""

    seconds: int
    extendable: bool


class SessionEnd:
    """Middleware behind authentication."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        # Only a request that brings a session is looked at: the others stay without any query.
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            self._look(request)
        return self.get_response(request)

    def _look(self, request: HttpRequest) -> None:
        now = int(time.time())
        seen = request.session.get(_SEEN, now)
        begun = request.session.setdefault(_BEGUN, now)
        watching = request.method == "GET" and request.path == reverse("session")
        if now - seen > settings.KIBAN_SESSION_IDLE or now - begun > settings.SESSION_COOKIE_AGE:
            logout(request)
            if not watching:
                messages.warning(
                    request,
                    _("You were signed out because nothing happened for a while. Please sign in again."),
                )
        elif not watching and (now - seen >= _WRITE_EVERY or _SEEN not in request.session):
            request.session[_SEEN] = now


def left(request: HttpRequest) -> Left | None:
    """How long the session of somebody who is signed in still lasts; None for others."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return None
    now = int(time.time())
    idle = request.session.get(_SEEN, now) + settings.KIBAN_SESSION_IDLE - now
    most = request.session.get(_BEGUN, now) + settings.SESSION_COOKIE_AGE - now
    return Left(max(0, min(idle, most)), most > idle)


def go_on(request: HttpRequest) -> None:
    """Counts this very moment as a page."""
    request.session[_SEEN] = int(time.time())


def proved(request: HttpRequest, **_: Any) -> None:
    """At this very moment they have proved who they are: at every sign-in, and when they are asked again."""
    request.session[_PROVED] = int(time.time())


def proved_lately(request: HttpRequest) -> bool:
    """Whether that was so lately that they need not be asked again (KIBAN_PROOF_MINUTES)."""
    return bool(0 <= int(time.time()) - request.session.get(_PROVED, 0) <= settings.KIBAN_PROOF_LASTS)


def forget_old(now: datetime) -> int:
    """Deletes the sessions that have ended."""
    return Session.objects.filter(expire_date__lt=now).delete()[0]
