"""Answers of the API: JSON by orjson, and problems after RFC 9457 with the kernel's codes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.translation import get_language

from kiban.kernel.definitions.model import Label
from kiban.kernel.problems import INVALID, NOT_ALLOWED, NOT_FOUND, Problem

JSON = "application/json"
PROBLEM = "application/problem+json"
_ORJSON = orjson.OPT_NON_STR_KEYS


def language() -> str:
    """`ja` or `en`: the language of this request's labels (Accept-Language, or what the user has chosen)."""
    return "en" if (get_language() or "ja").startswith("en") else "ja"


def label(text: Label | None) -> str | None:
    """A label in the language of this request."""
    return None if text is None else text.text(language())


def answer(data: object, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """A JSON answer."""
    return HttpResponse(
        orjson.dumps(data, option=_ORJSON), status=status, content_type=JSON, headers=dict(headers or {})
    )


def tagged(request: HttpRequest, data: object, *, content_type: str = JSON) -> HttpResponse:
    """A JSON answer with the digest of its content as ETag, or 304 where the caller has just this content.

    The digest is of what is said, so that whatever it depends on (an event, the day, the caller's roles, a setting
    of the body, the language) makes it another.
    """
    content = orjson.dumps(data, option=_ORJSON)
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    unchanged = get_conditional_response(request, etag=etag)
    if unchanged is not None:
        return unchanged
    return HttpResponse(content, content_type=content_type, headers={"ETag": etag})


@dataclass
class ApiProblem(Exception):
    """What is wrong with a request. `code` is stable; `detail` tells a person what to do."""

    status: int
    code: str
    detail: Label
    problems: tuple[Problem, ...] = ()
    suggest: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


_TITLES = {
    400: Label(ja="リクエストを読み取れません", en="The request cannot be read"),
    401: Label(ja="認証が必要です", en="Authentication is needed"),
    403: Label(ja="権限がありません", en="Not allowed"),
    404: Label(ja="見つかりません", en="Not found"),
    405: Label(ja="この方法では利用できません", en="Method not allowed"),
    406: Label(ja="求められた形式では答えられません", en="Not acceptable"),
    409: Label(ja="いまの状態ではできません", en="Not possible in the present state"),
    413: Label(ja="大きすぎます", en="Too large"),
    415: Label(ja="この形式は受け取れません", en="Unsupported media type"),
    422: Label(ja="入力に誤りがあります", en="The input is not valid"),
    429: Label(ja="回数が多すぎます", en="Too many requests"),
    500: Label(ja="処理できませんでした", en="The server could not answer"),
    503: Label(ja="ただいま利用できません", en="Not available for the moment"),
}
_UNKNOWN = Label(ja="リクエストを処理できません", en="The request cannot be processed")


def problem_json(problem: Problem) -> dict[str, Any]:
    """One problem of an input: where, what, and how to mend it."""
    return {
        "field": problem.field,
        "code": problem.code,
        "message": problem.message.ja,
        "message_en": problem.message.text("en"),
        "severity": problem.severity,
        "law": problem.law,
        "suggest": dict(problem.suggest),
    }


def problem_answer(request: HttpRequest, problem: ApiProblem) -> HttpResponse:
    """`application/problem+json`; `type` is a URN made of the code (docs/api.md lists them)."""
    body: dict[str, Any] = {
        "type": f"urn:kiban:problem:{problem.code}",
        "title": (_TITLES.get(problem.status) or _UNKNOWN).text(language()),
        "status": problem.status,
        "detail": problem.detail.text(language()),
        "code": problem.code,
        "problems": [problem_json(one) for one in problem.problems],
        "instance": request.path,
    }
    if problem.suggest:
        body["suggest"] = dict(problem.suggest)
    return HttpResponse(
        orjson.dumps(body, option=_ORJSON),
        status=problem.status,
        content_type=PROBLEM,
        headers=dict(problem.headers),
    )


def not_found() -> ApiProblem:
    """What does not exist, and what the caller may not know of: one and the same answer."""
    return ApiProblem(
        404,
        NOT_FOUND,
        Label(ja="お探しのものは見つかりませんでした。", en="There is nothing at this address."),
    )


def not_allowed() -> ApiProblem:
    return ApiProblem(
        403, NOT_ALLOWED, Label(ja="この操作をする権限がありません。", en="You may not do this.")
    )


def unreadable(ja: str, en: str, status: int = 400) -> ApiProblem:
    return ApiProblem(status, INVALID, Label(ja=ja, en=en))


def wrong_input(problems: Iterable[Problem]) -> ApiProblem:
    return ApiProblem(
        422,
        INVALID,
        Label(ja="入力に直していただきたい所があります。", en="Please correct your input."),
        tuple(problems),
    )
