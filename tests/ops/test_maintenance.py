"""Stopped for maintenance: people and machines are told, health goes on, and it is over as soon as it is said."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from kiban.ops import maintenance
from kiban.ops.testing import TestDatabase


@pytest.fixture
def client(database: TestDatabase) -> Iterator[Client]:
    yield Client(headers={"Accept-Language": "ja"})
    maintenance.main(["off"])


def test_pages_and_api_say_that_they_are_stopped(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    assert client.get("/help/").status_code == 200
    assert maintenance.main(["on", "--until", "22日 6:00<b>"]) == 0
    assert "until 22日" in capsys.readouterr().out
    page = client.get("/help/")
    assert (page.status_code, page["Retry-After"]) == (503, "600")
    said = page.content.decode()
    assert "ただいまメンテナンスのため停止しています" in said and "22日 6:00&lt;b&gt;" in said
    assert "maintenance" in said
    problem = client.get("/api/v1/services")
    assert (problem.status_code, problem["Content-Type"]) == (503, "application/problem+json")
    assert problem.json()["code"] == "unavailable"
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 200
    assert client.get("/metrics").status_code != 503
    assert maintenance.main(["off"]) == 0
    assert client.get("/help/").status_code == 200


def test_how_it_stands(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    assert maintenance.main([]) == 0
    assert capsys.readouterr().out == "Pages and API are open.\n"
    maintenance.main(["on"])
    assert capsys.readouterr().out == "Stopped for maintenance.\n"
    assert "しばらくお待ちください" in client.get("/").content.decode()
