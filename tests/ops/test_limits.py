"""Whoever asks too often waits, and nobody else does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from kiban.ops import config
from kiban.ops.limits import BUCKETS, Buckets

if TYPE_CHECKING:
    from kiban.ops.testing import TestDatabase


SLOW = 0.001  # one at once, and the next after a quarter of an hour


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    BUCKETS.clear()
    yield
    BUCKETS.clear()


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that stands; its first entry is the time."""
    now = [1000.0]
    monkeypatch.setattr("kiban.ops.limits.time.monotonic", lambda: now[0])
    return now


def test_a_bucket_holds_four_seconds_and_fills_again(still: list[float]) -> None:
    buckets = Buckets()
    assert [buckets.take("a", 2) for _ in range(8)] == [0.0] * 8
    assert buckets.take("a", 2) == 0.5
    assert buckets.take("b", 2) == 0.0
    still[0] += 0.5
    assert buckets.take("a", 2) == 0.0
    assert buckets.take("a", 2) == 0.5
    buckets.give_back("a")
    assert buckets.take("a", 2) == 0.0
    assert [buckets.take("free", 0) for _ in range(100)] == [0.0] * 100


def test_memory_is_bounded_and_the_longest_unused_go_first(still: list[float]) -> None:
    buckets = Buckets(most=3)
    for _ in range(4):
        buckets.take("busy", 1)
    for name in ("x", "y", "busy", "z"):
        buckets.take(name, 1)
    assert buckets.take("busy", 1) > 0, "others do not make a full bucket out of an empty one"
    assert len(buckets._left) == 3


def test_pages_of_a_stranger_are_limited_by_address(database: TestDatabase, settings: Any) -> None:
    from django.test import Client

    settings.KIBAN_ADDRESS_RATE = SLOW
    stranger, neighbour = Client(REMOTE_ADDR="2001:db8:1:2::7"), Client(REMOTE_ADDR="2001:db8:1:3::7")
    same = Client(REMOTE_ADDR="2001:db8:1:2:ffff::1")
    assert stranger.get("/bodies/").status_code == 200
    for client in (stranger, same):
        refused = client.get("/bodies/")
        assert refused.status_code == 429 and int(refused["Retry-After"]) >= 1
        text = refused.content.decode()
        assert "短い時間に多くの操作がありました" in text and "Too many requests" in text
    assert neighbour.get("/bodies/").status_code == 200
    assert stranger.get("/healthz").status_code == 200
    assert stranger.get("/static/kiban/mark.svg").status_code == 200


def test_an_address_told_by_a_stranger_is_no_way_round(database: TestDatabase, settings: Any) -> None:
    from django.test import Client

    settings.KIBAN_ADDRESS_RATE = SLOW
    answers = [
        Client(REMOTE_ADDR="203.0.113.9")
        .get("/bodies/", headers={"X-Forwarded-For": f"192.0.2.{n}"})
        .status_code
        for n in range(6)
    ]
    assert answers == [200] + [429] * 5


def test_people_behind_one_address_do_not_wait_for_each_other(database: TestDatabase, settings: Any) -> None:
    from django.test import Client

    from kiban.access.models import User

    settings.KIBAN_ADDRESS_RATE = settings.KIBAN_PAGE_RATE = SLOW
    users = [User.objects.create_user(f"p{n}", display_name="見本", kind="staff") for n in range(4)]
    for user in users:
        client = Client()
        client.force_login(user)
        answers = [client.get("/bodies/").status_code for _ in range(3)]
        assert answers == [200, 429, 429]


@pytest.mark.parametrize("text", ["many", "-1", "nan", "1e99"])
def test_a_rate_must_be_a_number(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("KIBAN_PAGE_RATE", text)
    with pytest.raises(config.ConfigurationError, match="KIBAN_PAGE_RATE"):
        config.rate("KIBAN_PAGE_RATE", 20)
