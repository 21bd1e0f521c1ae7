"""The demo people: made from the services' own roles, once, and never in production."""

from __future__ import annotations

from collections import Counter

import pytest

from kiban.access.models import RoleGrant, User
from kiban.definitions.publish import publish_folder
from kiban.ops import demo
from kiban.ops.home import REPO
from kiban.ops.testing import TestDatabase


@pytest.fixture
def published(database: TestDatabase) -> str:
    return str(publish_folder(REPO / "services" / "temporary-plate").service)


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
