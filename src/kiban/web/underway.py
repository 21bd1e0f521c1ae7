"""Sign-ins that are under way at an identity provider: from the moment when somebody leaves until they come back.

They stand in the session, at most a few, each for one answer and for ten minutes. What was typed before goes along
sealed with a key that only the browser holds (a cookie of the sign-in pages): nobody reads it in the database.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from kiban.access.identity.openid import AT_MOST, Attempt
from kiban.web import kept
from kiban.web.kept import Kept

_NAME, _COOKIE = "kiban_underway", "kiban_underway"
_MOST = 5
_LONGEST = (
    200_000  # characters of what was typed: more than any form of ours, less than would fill the database
)


@dataclass(frozen=True)
class UnderWay:
    """One of them: where to go afterwards, the one-time link that was opened before, what was typed."""

    attempt: Attempt
    wanted: str
    link: tuple[str, str] | None
    kept: Kept | None


def put(
    request: HttpRequest, answer: HttpResponse, attempt: Attempt, wanted: str, link: tuple[str, str] | None
) -> None:
    """Keeps an attempt in the session and what the form carries along beside it, its key in a cookie of `answer`."""
    typed = kept.carried(request)
    text = typed.text() if typed is not None else ""
    row: dict[str, Any] = {"attempt": attempt.as_dict(), "wanted": wanted, "link": link}
    if text and len(text) <= _LONGEST:
        key = _key(request) or Fernet.generate_key()
        row["kept"] = Fernet(key).encrypt(text.encode("utf-8", "replace")).decode()
        answer.set_cookie(
            _COOKIE, key.decode(), max_age=AT_MOST, httponly=True, samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE, path=reverse("sign-in"),
        )  # fmt: skip
    others = [one for one in request.session.get(_NAME, []) if time.time() - one["attempt"]["at"] <= AT_MOST]
    request.session[_NAME] = [*others[-(_MOST - 1) :], row]


def take(request: HttpRequest, state: str) -> UnderWay | None:
    """The sign-in of this state, which is thereby over; None for one that was not begun here, or is over."""
    rows = request.session.get(_NAME, [])
    row = next((one for one in rows if one["attempt"]["state"] == state), None)
    if row is None:
        return None
    request.session[_NAME] = [one for one in rows if one is not row]
    link = tuple(row["link"]) if row["link"] else None
    return UnderWay(Attempt(**row["attempt"]), row["wanted"], link, _typed(request, row.get("kept", "")))


def _typed(request: HttpRequest, sealed: str) -> Kept | None:
    key = _key(request)
    if not sealed or key is None:
        return None
    try:
        return kept.read(request, Fernet(key).decrypt(sealed.encode()).decode())
    except InvalidToken:
        return None


def _key(request: HttpRequest) -> bytes | None:
    """The key in the browser's cookie, where it is one."""
    said = request.COOKIES.get(_COOKIE, "").encode("ascii", "replace")
    try:
        Fernet(said)
    except ValueError:
        return None
    return said
