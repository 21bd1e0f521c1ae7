"""What comes over the wire before any form: methods, addresses, headers, tokens, broken HTTP."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest

from tests.hostile.conftest import BODY, DATA, OPEN
from tests.hostile.test_input import refused
from tests.hostile.wire import JAPANESE, Caller, exchange, parsed

Person = Callable[..., Caller]
CASES = f"/bodies/{BODY}/cases"
REGISTRY = f"/bodies/{BODY}/services/temporary-plate/registries/plates/records"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "BREW", "OPTIONS"])
@pytest.mark.parametrize("path", [OPEN, CASES, "/me"])
def test_wrong_methods(person: Person, method: str, path: str) -> None:
    answer = person("clerk").send(method, f"/api/v1{path}")
    assert answer.status in (400, 405, 501), answer.said()
    if answer.status == 405:
        refused(answer, 405)
        assert answer.headers["allow"]


@pytest.mark.parametrize(
    "name",
    [
        "x",
        "0",
        "0" * 32,
        "0" * 400,
        "%00",
        "..",
        "../../etc",
        "%2e%2e%2f",
        "'",
        "1 OR 1=1".replace(" ", "%20"),
        "%ED%A0%BD",
        "%FF%FE",
        "%F0%9F%98%80",
        "{" + "0" * 32 + "}",
        "urn:uuid:" + str(uuid.UUID(int=5)),
        str(uuid.UUID(int=5)).upper(),
    ],
)
@pytest.mark.parametrize("tail", ["", "/events", "/documents/{name}", "/attachments/{name}"])
def test_a_name_that_is_no_id(person: Person, name: str, tail: str) -> None:
    answer = person("clerk").get(f"{CASES}/{name}{tail.format(name=name)}")
    assert answer.status in (400, 404, 414), answer.said()
    assert JAPANESE.search(answer.said())


@pytest.mark.parametrize(
    "raw",
    [
        b"/bodies/131229/cases/\xff\xfe",
        b"/bodies/\xe3\x81/cases",
        b"/bodies/131229/cases?q=\xff\xff",
        b"/bodies/131229/cases?q=%FF%C0%80",
        b"/bodies/131229/cases?\xff=1",
        b"/bodies/131229/cases?q=%ED%A0%BD",
        b"/bodies/131229/cases?q=%00",
        b"/bodies/131229/cases?q=%",
        b"/bodies/131229/cases?q=%zz",
        "/bodies/131229/cases?q=見本".encode(),
        b"/bodies/131229/cases?" + b"a=1&" * 2500,
        b"/bodies/131229/cases?" + b"a" * 9000,
        b"//bodies//131229",
        b"/bodies/131229/cases/" + b"x" * 20_000,
    ],
)
def test_addresses_that_are_no_text(person: Person, raw: bytes) -> None:
    answer = person("clerk").get(raw)
    assert answer.status in (200, 400, 404, 414, 422, 431), answer.said()
    if answer.status == 200:
        assert answer.data["items"] == []


@pytest.mark.parametrize("path", [CASES, REGISTRY])
@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "e30",
        "W10",
        "WzFd",
        "WyJhIiwiYiJd",
        "%00",
        "bnVsbA",
        "WyJ0ZW1wb3JhcnktcGxhdGUiLCJ4Il0",
        "=" * 50,
        "あ",
        "A" * 999,
        "A" * 1001,
    ],
)
def test_a_bad_cursor(person: Person, path: str, cursor: str) -> None:
    answer = person("clerk").get(f"{path}?cursor={cursor}")
    assert answer.status in (200, 400, 422), answer.said()
    if answer.status == 200:  # it may name a place after the last one
        assert answer.data == {"items": [], "next": None}
    else:
        refused(answer, answer.status)


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=-1",
        "limit=99999999999999999999",
        "limit=1e3",
        "limit=あ",
        "due_by=2026-02-30",
        "due_by=x",
        "due_by=99999-01-01",
        "final=maybe",
        "q=" + "x" * 101,
        "service=" + "x" * 65,
    ],
)
def test_a_bad_parameter(person: Person, query: str) -> None:
    refused(person("clerk").get(f"{CASES}?{query}"), 422)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "Basic YTpi",
        "Bearer",
        "Bearer  ",
        "Bearer " + "x" * 5000,
        "Bearer あ",
        "Bearer kbn_\x7f",
        "bearer kbn_x y",
    ],
)
def test_no_token(port: int, token: str) -> None:
    answer = Caller(port).send("GET", f"/api/v1{CASES}", headers={"Authorization": token} if token else {})
    assert answer.status in (400, 401), answer.said()
    if answer.status == 401:
        refused(answer, 401)
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_revoked_token(person: Person) -> None:
    from django.utils import timezone

    from kiban.access.models import ApiToken

    caller = person("clerk")
    assert caller.get("/me").status == 200
    ApiToken.objects.filter(user_id=caller.user).update(revoked_at=timezone.now())
    refused(caller.get("/me"), 401)


@pytest.mark.parametrize("size", [9_000, 70_000, 2_000_000])
def test_a_huge_header(person: Person, size: int) -> None:
    answer = person("clerk").get("/me", X_Long="x" * size)
    assert answer.status in (200, 400, 431), answer.status


def test_very_many_headers(person: Person) -> None:
    answer = person("clerk").get("/me", **{f"X-{number}": "1" for number in range(1500)})
    assert answer.status in (200, 400, 431), answer.status


@pytest.mark.parametrize(
    "host", ["evil.example", "", "localhost:x", "127.0.0.1@evil.example", "あ", "a" * 300]
)
def test_another_host(person: Person, host: str) -> None:
    answer = person("clerk").get("/me", Host=host)
    assert answer.status == 400, answer.said()


@pytest.mark.parametrize(
    "language", ["", "xx", "ja;q=abc", "*" * 400, "en,ja;q=0.1", "zh-Hant-TW-" + "x" * 300, "\xff"]
)
def test_strange_languages(person: Person, language: str) -> None:
    answer = person("clerk").get(f"{CASES}/x", Accept_Language=language)
    assert answer.status == 404 and answer.data["detail"]


@pytest.mark.parametrize("length", ["-1", "abc", "1e3", "99999999999", "１０", "0x10", "5, 6"])
def test_a_length_that_is_none(person: Person, length: str) -> None:
    raw = person().post(OPEN, b"{}   ", Content_Length=length)
    assert raw.status in (400, 413), raw.said()


@pytest.mark.parametrize(
    "raw",
    [
        b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET /api/v1/me HTTP/1.1\r\n\r\n",
        b"GET /api/v1/me HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n\r\n",
        b"GET /api/v1/me HTTP/1.1\r\nHost : localhost\r\n\r\n",
        b"POST /api/v1/me HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x",
        b"POST /api/v1/me HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET http://evil.example/api/v1/me HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
    ids=lambda raw: repr(raw[:36]),
)
def test_broken_http(port: int, raw: bytes) -> None:
    """The server closes or refuses; it lives, and the next caller is served."""
    import contextlib

    with contextlib.suppress(TimeoutError):
        found = exchange(port, raw, timeout=3)
        assert not found or parsed(found).status < 500, found[:200]
    assert (
        parsed(
            exchange(port, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        ).status
        == 200
    )


def test_one_who_goes_away_in_the_middle(person: Person, port: int, count: Callable[[str], int]) -> None:
    import json
    import socket

    caller, raw = person(), json.dumps({"data": DATA}).encode()
    head = (
        f"POST /api/v1{OPEN} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {caller.token}\r\n"
        f"Content-Type: application/json\r\nIdempotency-Key: half\r\nContent-Length: {len(raw)}\r\n\r\n"
    ).encode()
    with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
        line.sendall(head + raw[: len(raw) // 2])
    assert count("cases_case") == 0
    assert caller.post(OPEN, {"data": DATA}, key="half").status == 201


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/",
        "/api/",
        "/api/v2/me",
        "/api/v1/none",
        "/api/v1/bodies/131229/",
        "/api/v1/me/",
        "/api/v1/openapi.json/x",
    ],
)
def test_no_such_address(person: Person, path: str) -> None:
    refused(person().send("GET", path), 404)
