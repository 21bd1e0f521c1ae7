"""Health, limits and the request log, through the whole stack of middleware."""

from __future__ import annotations

import json
import logging

import pytest
from django.test import Client, RequestFactory, override_settings

from kiban.ops.logs import JsonFormatter
from kiban.ops.middleware import RequestLimits, RequestLog
from kiban.ops.testing import TestDatabase


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


def test_healthz_needs_no_database_and_no_host(client: Client) -> None:
    answer = client.get("/healthz", headers={"host": "10.0.0.7:8000"})
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_readyz_tells_whether_the_database_answers(client: Client, database: TestDatabase) -> None:
    from django.db import connections

    assert client.get("/readyz").status_code == 200
    settings = connections["default"].settings_dict
    right = settings["PASSWORD"]
    connections["default"].close()
    settings["PASSWORD"] = "wrong"
    try:
        assert client.get("/readyz").status_code == 503
    finally:
        settings["PASSWORD"] = right
    assert client.get("/readyz").status_code == 200


def test_pages_carry_a_strict_policy(client: Client) -> None:
    answer = client.get("/such-a-page-does-not-exist")
    policy = answer["Content-Security-Policy"]
    assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("path", "extra", "status"),
    [
        ("/?q=%00", {}, 400),
        ("/?q%00=1", {}, 400),
        ("/%00", {}, 400),
        ("/?q=" + "あ" * 4000, {}, 414),
        ("/", {"CONTENT_LENGTH": "99999999999"}, 413),
        ("/", {"CONTENT_LENGTH": "-1"}, 400),
        ("/", {"CONTENT_LENGTH": "１"}, 400),
        ("/", {"HTTP_COOKIE": 'kiban_session="\\000"'}, 400),
    ],
)
def test_what_no_page_could_mean_is_refused(
    client: Client, path: str, extra: dict[str, str], status: int
) -> None:
    answer = client.generic("GET", path, **extra)  # type: ignore[arg-type]
    assert answer.status_code == status
    assert "<h1>" in answer.content.decode()


def test_the_api_is_refused_with_a_problem(client: Client) -> None:
    answer = client.get("/api/v1/x?q=%00")
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == 400


@override_settings(KIBAN_MAX_REQUEST_BYTES=25 * 1024 * 1024)
def test_ordinary_japanese_passes() -> None:
    request = RequestFactory().get("/", {"q": "𠮷野家　葛󠄀\n改行"})
    assert RequestLimits(lambda _: None)._check(request) is None  # type: ignore[arg-type, return-value]


def test_the_log_holds_route_and_ids_but_not_what_was_typed(caplog: pytest.LogCaptureFixture) -> None:
    from types import SimpleNamespace

    from django.http import HttpResponse

    request = RequestFactory().post("/people/山田花子/131113/?name=山田花子", {"name": "山田花子"})
    request.resolver_match = SimpleNamespace(  # type: ignore[assignment]
        route="people/<str:name>/<str:body>/", kwargs={"name": "山田花子", "body": "131113"}
    )
    with caplog.at_level(logging.INFO, logger="kiban.request"):
        RequestLog(lambda _: HttpResponse())(request)
    line = json.loads(JsonFormatter().format(caplog.records[-1]))
    assert line["route"] == "people/<str:name>/<str:body>/"
    assert line["ids"] == {"body": "131113"}
    assert "山田" not in json.dumps(line, ensure_ascii=False)


@pytest.mark.parametrize(("mode", "shown"), [("production", False), ("demo", True)])
def test_an_errors_text_stays_out_of_the_log_in_production(
    monkeypatch: pytest.MonkeyPatch, mode: str, shown: bool
) -> None:
    monkeypatch.setenv("KIBAN_MODE", mode)
    try:
        raise ValueError("duplicate: 山田花子")
    except ValueError as error:
        record = logging.LogRecord(
            "x", logging.ERROR, __file__, 1, "failed", None, (type(error), error, error.__traceback__)
        )
    line = JsonFormatter().format(record)
    assert ("山田" in line) is shown
    assert json.loads(line)["error"]["type"] == "ValueError"
    assert "test_middleware.py" in json.loads(line)["error"]["frames"][0]
