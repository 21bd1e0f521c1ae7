"""The demo people: made from the services' own roles, once, and never in production."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import pytest

from kiban.access.models import RoleGrant, User
from kiban.definitions.publish import publish_folder
from kiban.ops import clock, demo, demo_steps
from kiban.ops.home import REPO
from kiban.ops.testing import TestDatabase


@pytest.fixture
def published(database: TestDatabase) -> str:
    return str(publish_folder(REPO / "services" / "temporary-plate").service)


def _events(database: TestDatabase) -> int:
    row = database.administrator.execute("SELECT count(*) FROM cases_event").fetchone()
    assert row is not None
    return int(row[0])


def test_two_people_for_every_role_of_every_body(published: str) -> None:
    staff = [person for person in demo.people() if person.kind == "staff" and person.service == published]
    assert staff
    assert set(Counter((person.body, person.role) for person in staff).values()) == {2}
    local = {person.body for person in staff} & set(demo.demo_bodies())
    assert local == set(demo.demo_bodies())
    assert len({person.username for person in staff}) == len(staff)
    assert all(person.role_label["ja"] and person.name["ja"] and person.name["en"] for person in staff)


def test_the_two_of_a_role_have_different_names(published: str) -> None:
    names: dict[tuple[str, str], set[str]] = {}
    for person in demo.people():
        names.setdefault((person.body, person.role), set()).add(person.name["ja"])
    assert all(len(found) >= 2 for found in names.values())


def test_loading_twice_makes_them_once(published: str) -> None:
    count = demo.load()
    assert User.objects.count() == count
    first = dict(User.objects.values_list("username", "id"))
    assert demo.load() == count
    assert dict(User.objects.values_list("username", "id")) == first
    assert RoleGrant.objects.count() == User.objects.filter(kind="staff").count()
    party = User.objects.get(username=demo.username("A"))
    assert party.partition.startswith("p-") and not party.has_usable_password()


def test_never_in_production(database: TestDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIBAN_MODE", "production")
    with pytest.raises(demo.DemoRefused):
        demo.load()
    with pytest.raises(demo.DemoRefused):
        demo.people()
    assert not User.objects.exists()


# A Saturday before a holiday, the last day before the New Year closure, a day inside it, the end of a fiscal year.
@pytest.mark.parametrize("today", ["2026-11-21", "2026-12-28", "2027-01-02", "2027-03-31"])
def test_the_cases_are_played_to_their_ends_on_any_day(
    published: str, database: TestDatabase, today: str
) -> None:
    clock.set_clock(datetime.fromisoformat(f"{today}T10:00:00+09:00"))
    demo.load()
    first = demo_steps.play_all(clock.today())
    assert first and [case for case in first if case.stopped] == []
    assert {case.body for case in first} <= set(demo.demo_bodies())
    assert _events(database) == sum(case.steps for case in first)


def test_loading_again_on_another_day_adds_nothing(published: str, database: TestDatabase) -> None:
    demo.load()
    events = _events(database)
    clock.set_clock(clock.now() + timedelta(days=9))
    assert [case for case in demo_steps.play_all(clock.today()) if case.stopped] == []
    assert _events(database) == events
