"""Middleware of the platform itself: health, request log, limits on what a stranger may send."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse

from kiban.ops.metrics import REQUESTS, SECONDS
from kiban.ops.refusals import Words, refusal

GetResponse = Callable[[HttpRequest], HttpResponseBase]

_log = logging.getLogger("kiban.request")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|[\ud800-\udfff]")
_CODE = re.compile(r"[0-9]{1,13}\Z")
_MAX_TARGET = 8 * 1024


class RequestLog:
    """One line per request: route, ids in the path, status, milliseconds. Never what somebody typed."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        method, route = (
            request.method if request.method in _METHODS else "other",
            match.route if match else "none",
        )
        REQUESTS.labels(method, route, response.status_code).inc()
        SECONDS.labels(route).observe(time.perf_counter() - started)
        _log.log(
            logging.ERROR if response.status_code >= 500 else logging.INFO,
            "request",
            extra={
                "method": method,
                "route": match.route if match else None,
                "ids": _ids(match.kwargs) if match else {},
                "status": response.status_code,
                "ms": round((time.perf_counter() - started) * 1000, 1),
            },
        )
        return response


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _ids(kwargs: dict[str, Any]) -> dict[str, str]:
    """Only identifiers (UUIDs, codes of digits): any other part of a path may be a name."""
    found = {}
    for key, value in kwargs.items():
        if isinstance(value, (UUID, int)) or (
            isinstance(value, str) and (_CODE.match(value) or _is_uuid(value))
        ):
            found[key] = str(value)
    return found


def _is_uuid(value: str) -> bool:
    try:
        UUID(value)
    except ValueError:
        return False
    return True


class Health:
    """/healthz: this process answers. /readyz: it reaches its database too. Before any other check."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path == "/healthz":
            return JsonResponse({"status": "ok"})
        if request.path == "/readyz":
            return _ready()
        return self.get_response(request)


def _ready() -> JsonResponse:
    try:
        connection.close_if_unusable_or_obsolete()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except Exception:  # whatever it is, the answer is "not ready"; the cause goes to the log
        connection.close()
        logging.getLogger("kiban.health").exception("database not reachable")
        return JsonResponse({"status": "unavailable", "database": "unreachable"}, status=503)
    return JsonResponse({"status": "ok", "database": "ok"})


class RequestLimits:
    """Refuse what no page or API could mean: too large, control characters in the address or in cookies."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        refused = self._check(request)
        response = refused if refused is not None else self.get_response(request)
        if "Cache-Control" not in response and not request.path.startswith(settings.STATIC_URL):
            # What is shown may be about a person: no shared cache, no copy left in a browser.
            response["Cache-Control"] = "no-store"
        response.setdefault("Permissions-Policy", "camera=(), geolocation=(self), microphone=(), payment=()")
        return response

    def _check(self, request: HttpRequest) -> HttpResponse | None:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isascii() or not length.isdigit():
            return refusal(request, 400, "送信内容を読み取れませんでした", "The request can't be read")
        if int(length) > settings.KIBAN_MAX_REQUEST_BYTES:
            megabytes = settings.KIBAN_MAX_REQUEST_BYTES // (1024 * 1024)
            return refusal(
                request,
                413,
                Words(
                    f"一度に送信できる大きさは{megabytes}MBまでです",
                    "ファイルを小さくするか、分けてお送りください。前のページに戻ると、入力した内容が残っています。",
                ),
                Words(
                    f"At most {megabytes} MB can be sent at once",
                    "Please send your files separately. What you entered stands on the page before.",
                ),
            )
        if len(request.META.get("QUERY_STRING", "")) + len(request.path) > _MAX_TARGET:
            return refusal(request, 414, "アドレスが長すぎます", "The address is too long")
        texts = [request.path, *request.COOKIES.values(), *request.GET, *_values(request)]
        if any(_CONTROL.search(text) for text in texts):
            return refusal(
                request,
                400,
                "アドレスに使用できない文字が含まれています",
                "The address holds characters that can't be used",
            )
        return None


def _values(request: HttpRequest) -> list[str]:
    return [value for _, values in request.GET.lists() for value in values]
