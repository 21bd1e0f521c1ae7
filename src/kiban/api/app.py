"""The API put together: routes, and an answer for everything that can go wrong."""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError as ConnectionClosed
from django.db import OperationalError as DatabaseLost
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from psycopg import OperationalError as ConnectionLost

from kiban.api import cases, catalogue, delivery, files, local_fields, many, me, money, registers, settings
from kiban.api.answers import ApiProblem, not_found, problem_answer, unreadable, wrong_input
from kiban.api.reading import StrictParser
from kiban.documents.signers import SigningProblem
from kiban.kernel.definitions.model import Label
from kiban.kernel.problems import INVALID, OUT_OF_RANGE, REQUIRED, Problem

_log = logging.getLogger("kiban.api")

DESCRIPTION = """\
国・地方デジタル共通基盤のAPI。画面と同じ業務・案件・台帳を、プログラムから扱えます。
Every act needs an `Idempotency-Key`; errors are RFC 9457 problems (docs/api.md).
"""


def build() -> NinjaAPI:
    """The API of version 1, mounted at /api/v1/."""
    api = NinjaAPI(
        title="kiban",
        version="1",
        description=DESCRIPTION,
        urls_namespace="api-1",
        openapi_url=None,
        docs_url=None,
        parser=StrictParser(),
    )
    for module in (cases, many, catalogue, registers, files, me, settings, local_fields, delivery, money):
        api.add_router("", module.router)
    _handle(api)
    return api


def _handle(api: NinjaAPI) -> None:
    def problem(request: HttpRequest, error: Any) -> HttpResponse:
        return problem_answer(request, error)

    def missing(request: HttpRequest, error: Any) -> HttpResponse:
        return problem_answer(request, not_found())

    def parameters(request: HttpRequest, error: Any) -> HttpResponse:
        return problem_answer(request, wrong_input(_one(found) for found in error.errors))

    def unauthenticated(request: HttpRequest, error: Any) -> HttpResponse:
        return problem_answer(
            request, ApiProblem(401, "unauthenticated", Label(ja="認証が必要です。", en="Sign in."))
        )

    def http(request: HttpRequest, error: Any) -> HttpResponse:
        text = Label(ja="リクエストを処理できませんでした。", en=str(error))
        return problem_answer(request, ApiProblem(error.status_code, INVALID, text))

    def too_big(request: HttpRequest, error: Any) -> HttpResponse:
        return problem_answer(request, unreadable("本文が大きすぎます。", "The body is too large.", 413))

    def suspicious(request: HttpRequest, error: Any) -> HttpResponse:
        return problem_answer(
            request, unreadable("リクエストを読み取れません。", "The request cannot be read.")
        )

    def lost(request: HttpRequest, error: Any) -> HttpResponse:
        _log.error("the database was lost", exc_info=error)
        detail = Label(
            ja="ただいま一時的に利用できません。しばらくしてから、同じ Idempotency-Key でもう一度お試しください。",
            en="Not available for the moment. Try again soon with the same Idempotency-Key.",
        )
        return problem_answer(request, ApiProblem(503, "unavailable", detail, headers={"Retry-After": "1"}))

    def unsigned(request: HttpRequest, error: Any) -> HttpResponse:
        _log.error("a document can't be signed", exc_info=error)
        detail = Label(
            ja="文書に電子署名ができないため、まだ渡せません。しばらくしてからもう一度お試しください。",
            en="The document can't be signed yet. Try again later.",
        )
        return problem_answer(request, ApiProblem(503, "unavailable", detail, headers={"Retry-After": "60"}))

    def broken(request: HttpRequest, error: Any) -> HttpResponse:
        _log.error("an API call failed", exc_info=error)
        detail = Label(
            ja="処理中に問題が起きました。しばらくしてから、同じ Idempotency-Key でもう一度お試しください。",
            en="Something went wrong. Try again later with the same Idempotency-Key.",
        )
        return problem_answer(request, ApiProblem(500, "internal", detail))

    for kind, handler in (
        (ApiProblem, problem), (Http404, missing), (ValidationError, parameters),
        (AuthenticationError, unauthenticated), (HttpError, http), (RequestDataTooBig, too_big),
        (SuspiciousOperation, suspicious), (MultiPartParserError, suspicious),
        (DatabaseLost, lost), (ConnectionLost, lost), (ConnectionClosed, lost),
        (SigningProblem, unsigned), (Exception, broken),
    ):  # fmt: skip
        api.add_exception_handler(kind, handler)


def _one(found: dict[str, Any]) -> Problem:
    """A problem of a query or path parameter, from pydantic's words."""
    name = str(found["loc"][-1])[:100]
    kind = str(found.get("type", ""))
    code = (
        REQUIRED
        if kind == "missing"
        else OUT_OF_RANGE
        if kind.startswith(("less_", "greater_", "too_"))
        else INVALID
    )
    ja = {
        REQUIRED: f"「{name}」を指定してください。",
        OUT_OF_RANGE: f"「{name}」の値が範囲を外れています。",
        INVALID: f"「{name}」の値を読み取れません。",
    }[code]
    return Problem(name, code, Label(ja=ja, en=f"{name}: {found.get('msg', 'not valid')}"))


api = build()
