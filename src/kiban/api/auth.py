"""Who calls: a bearer token (machines, scripts, apps of a body) or the session of a page, and how often."""

from __future__ import annotations

import hashlib
import time
from threading import Lock

from django.conf import settings
from django.http import HttpRequest
from ninja.security.base import AuthBase
from ninja.utils import check_csrf

from kiban.access import sessions
from kiban.access.actors import user_of_token
from kiban.access.models import User
from kiban.api.answers import ApiProblem
from kiban.kernel.definitions.model import Label
from kiban.ops import clock, limits

_KEPT = 30.0  # seconds for which a token is not looked up again; a revoked one is refused at the latest then
_MOST = 20_000


class Caller(AuthBase):
    """`request.auth` becomes the user. A token outranks a session; a session needs the CSRF token to change things."""

    openapi_type = "http"
    openapi_scheme = "bearer"

    def __call__(self, request: HttpRequest) -> User:
        user = _by_token(request) if "HTTP_AUTHORIZATION" in request.META else _by_session(request)
        wait = limits.known(
            request, str(user.id), settings.KIBAN_API_RATE * (10 if user.kind == "machine" else 1)
        )
        if wait:
            raise _too_often(wait)
        return user


def caller(request: HttpRequest) -> User:
    """The user whom `Caller` has found."""
    user = request.auth  # type: ignore[attr-defined]
    assert isinstance(user, User)
    return user


def proved(request: HttpRequest) -> None:
    """For important acts. Raises ApiProblem for a session whose person has not proved lately who they are."""
    if "HTTP_AUTHORIZATION" not in request.META and not sessions.proved_lately(request):
        raise ApiProblem(
            403,
            "proof_needed",
            Label(
                ja="重要な操作です。画面で本人の確認をしてから、もう一度お試しください。",
                en="This is an important act: confirm on a page that it is you, and try again.",
            ),
        )


_tokens: dict[bytes, tuple[float, User]] = {}
_lock = Lock()


def _by_token(request: HttpRequest) -> User:
    scheme, _, token = request.META["HTTP_AUTHORIZATION"].partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or len(token) > 200:
        raise _unknown()
    digest, now = hashlib.sha256(token.encode("utf-8", "replace")).digest(), time.monotonic()
    known = _tokens.get(digest)
    if known is not None and now < known[0]:
        return known[1]
    user = user_of_token(token, now=clock.now())
    if user is None:
        raise _unknown()
    if settings.MODE != "test":
        with _lock:
            if len(_tokens) >= _MOST:
                _tokens.clear()
            _tokens[digest] = (now + _KEPT, user)
    return user


def _by_session(request: HttpRequest) -> User:
    user = request.user
    if not user.is_authenticated:
        raise _unknown()
    if request.method not in ("GET", "HEAD", "OPTIONS") and check_csrf(request):
        raise ApiProblem(
            403,
            "csrf",
            Label(
                ja="画面を読み込み直してから、もう一度お試しください（CSRFトークンが一致しません）。",
                en="Reload the page and try again (the CSRF token does not match).",
            ),
        )
    assert isinstance(user, User)
    return user


def _unknown() -> ApiProblem:
    return ApiProblem(
        401,
        "unauthenticated",
        Label(
            ja="有効なAPIトークンを Authorization: Bearer … で送ってください。",
            en="Send a valid API token as Authorization: Bearer …",
        ),
        headers={"WWW-Authenticate": 'Bearer realm="kiban"'},
    )


def _too_often(wait: int) -> ApiProblem:
    return ApiProblem(
        429,
        "too_many_requests",
        Label(ja=f"{wait}秒ほど待ってからお試しください。", en=f"Please wait {wait} seconds."),
        headers={"Retry-After": str(wait)},
    )
