"""Reading what a caller sends: JSON that is JSON, keys and cursors that are what they must be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, UnreadablePostError
from ninja.parser import Parser

from kiban.access import bodies
from kiban.api.answers import ApiProblem, not_found, unreadable, wrong_input
from kiban.kernel.definitions.model import Label
from kiban.kernel.problems import INVALID, TOO_LONG, UNKNOWN_FIELD, Problem

MAX_DEPTH = 32
MAX_REASON = 2000
_KEY = re.compile(r"[\x21-\x7e]{1,255}\Z")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_STRINGS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?', re.DOTALL)


class StrictParser(Parser):
    """JSON after RFC 8259 and no more: no NaN, no lone surrogates, no duplicated work for hostile nesting."""

    def parse_body(self, request: HttpRequest) -> Any:
        return body_of(request)


def body_of(request: HttpRequest) -> dict[str, Any]:
    """The JSON object of a request; no body at all is an empty one. Raises ApiProblem (400, 413, 415)."""
    if request.META.get("CONTENT_LENGTH") in ("0", "", None) and "Transfer-Encoding" not in request.headers:
        return {}  # an act that takes nothing needs no body
    kind = (request.content_type or "").lower()
    if kind != "application/json" and not kind.endswith("+json"):
        raise unreadable(
            "本文はJSON（Content-Type: application/json）で送ってください。",
            "Send JSON (Content-Type: application/json).",
            415,
        )
    try:
        raw = request.body
    except RequestDataTooBig:
        raise unreadable(
            "本文が大きすぎます。2MBまでにしてください。", "The body may have at most 2 MB.", 413
        ) from None
    except UnreadablePostError:
        raise unreadable("本文を最後まで受け取れませんでした。", "The body did not arrive.") from None
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise unreadable(
            f"本文をJSONとして読めません（{error.lineno}行目、{error.colno}文字目）。",
            f"The body is not JSON (line {error.lineno}, column {error.colno}).",
        ) from None
    if not isinstance(found, dict):
        raise unreadable("本文はJSONのオブジェクトにしてください。", "The body must be a JSON object.")
    if _too_deep(found):
        raise unreadable(f"入れ子は{MAX_DEPTH}段までです。", f"At most {MAX_DEPTH} levels of nesting.")
    if _members(found) != sum(map(bool, _STRINGS.findall(raw))):
        raise unreadable(
            "同じ名前の項目が2つあります。どちらを使うか決められません。",
            "A name stands twice in one object: it is not clear which value is meant.",
        )
    return found


def _members(value: object) -> int:
    """How many members the objects in a value have; the text of the JSON has more when a name stands twice."""
    if isinstance(value, dict):
        return len(value) + sum(_members(inner) for inner in value.values() if isinstance(inner, dict | list))
    if isinstance(value, list):
        return sum(_members(inner) for inner in value if isinstance(inner, dict | list))
    return 0


def _too_deep(value: object) -> bool:
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [
            inner
            for item in level
            for inner in (item.values() if isinstance(item, dict) else item)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


def idempotency_key(request: HttpRequest) -> str:
    """The Idempotency-Key header, which every act needs."""
    key = request.headers.get("Idempotency-Key", "").strip()
    if len(key) >= 2 and key[0] == key[-1] == '"':  # a structured-field string, as the draft has it
        key = key[1:-1]
    if not key:
        raise ApiProblem(
            400,
            "idempotency_key_missing",
            Label(
                ja="Idempotency-Key ヘッダーを付けてください（同じ操作が二度行われないための、あなたが決める鍵です）。",
                en="Send an Idempotency-Key header: a key of your own, so that nothing is done twice.",
            ),
        )
    if not _KEY.match(key):
        raise ApiProblem(
            400,
            "idempotency_key_invalid",
            Label(
                ja="Idempotency-Key は255文字までの半角英数字・記号にしてください。",
                en="An Idempotency-Key has at most 255 printable ASCII characters.",
            ),
        )
    return key


def act_input(body: Mapping[str, Any], allowed: tuple[str, ...]) -> tuple[dict[str, Any], dict[str, str]]:
    """`data` and `reasons` of an act's body. Raises ApiProblem 422 for what does not belong there."""
    problems = [
        Problem(
            _shown(name), UNKNOWN_FIELD, Label(ja="この項目はありません。", en="There is no such member.")
        )
        for name in body
        if name not in allowed
    ]
    data, reasons = body.get("data"), body.get("reasons")
    if data is not None and not isinstance(data, dict):
        problems.append(_wrong("data", "オブジェクト", "an object"))
    if reasons is not None and not isinstance(reasons, dict):
        problems.append(_wrong("reasons", "オブジェクト", "an object"))
    else:
        problems.extend(_wrong_reasons(reasons or {}))
    if problems:
        raise wrong_input(problems)
    return data or {}, reasons or {}


def _wrong_reasons(reasons: Mapping[str, Any]) -> list[Problem]:
    found = []
    for code, text in reasons.items():
        path = f"reasons.{_shown(code)}"
        if not isinstance(text, str) or _CONTROL.search(text) or _CONTROL.search(code):
            found.append(_wrong(path, "文字列（制御文字を除く）", "text without control characters"))
        elif len(text) > MAX_REASON or len(code) > 200:
            message = Label(ja=f"理由は{MAX_REASON}文字までです。", en=f"At most {MAX_REASON} characters.")
            found.append(Problem(path, TOO_LONG, message))
    return found


def whole(body: Mapping[str, Any], name: str) -> int | None:
    """An optional whole number of the body."""
    value = body.get(name)
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31):
        return value
    raise wrong_input([_wrong(name, "0以上の整数", "a whole number")])


def text(body: Mapping[str, Any], name: str) -> str | None:
    """An optional short text of the body."""
    value = body.get(name)
    if value is None or (isinstance(value, str) and len(value) <= 100 and not _CONTROL.search(value)):
        return value
    raise wrong_input([_wrong(name, "文字列", "text")])


def _wrong(path: str, ja: str, en: str) -> Problem:
    return Problem(path, INVALID, Label(ja=f"{ja}にしてください。", en=f"Must be {en}."))


def _shown(name: str) -> str:
    return _CONTROL.sub("�", name[:100])


def known_body(code: str) -> None:
    """Raises ApiProblem 404 where there is no such body."""
    if not bodies.exists(code):
        raise not_found()


def uuid(value: str) -> UUID:
    """A UUID of the path; anything else is simply not there."""
    try:
        return UUID(value)
    except ValueError:
        raise not_found() from None
