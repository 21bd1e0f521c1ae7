"""The demo: invented people for every service and body, whose roles the services' own definitions name.

`people()` is what the persona page lists; `load()` makes them. Loading again changes nothing: people are found by
their sign-in names. Never in production.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import yaml

from kiban.ops import config

_PEOPLE = Path(__file__).with_name("demo_people.yaml")
_NAMESPACE = UUID("6b1ba9de-2f6c-4a57-8f5e-0a4d1d6b6a10")  # of demo parties: the same in every installation
_NATIONAL = ("nation", "figures")


class DemoRefused(RuntimeError):
    """The demo was asked for outside demo mode, or one of its steps was refused; the text says which and why."""


@dataclass(frozen=True, slots=True)
class Person:
    """An invented person. A party has no body; one of staff has one role in one service of one body."""

    username: str
    name: dict[str, str]
    note: dict[str, str]
    kind: str
    key: str
    body: str = ""
    service: str = ""
    role: str = ""
    role_label: dict[str, str] = field(default_factory=dict)

    @property
    def party(self) -> UUID | None:
        """The partition's id of a party: derived from the name, so that loading again finds it."""
        return uuid5(_NAMESPACE, self.username) if self.kind == "party" else None


def people(on: date | None = None) -> list[Person]:
    """Everybody in the demo, parties first, then staff by body, service and role. Raises DemoRefused."""
    _demo_only()
    return [*_parties(), *_staff(on or _today())]


def load() -> int:
    """Make the people, play the cases of `demo/` (see `kiban.ops.demo_steps`); how many people there are."""
    _demo_only()
    today = _today()
    everybody = people(today)
    for person in everybody:
        _make(person, today)
    from kiban.ops import demo_steps  # imports this module

    demo_steps.play_all(today)
    return len(everybody)


def make_keys() -> int:
    """The sample keys with which the demo's documents are signed; how many were made now."""
    from kiban.access import bodies
    from kiban.documents import sample_signers
    from kiban.documents.data import office
    from kiban.kernel.facts import BodyFacts

    _demo_only()
    rows = [bodies.row(code) for code in demo_bodies()]
    return sample_signers.install({row.code: office(BodyFacts(row.code, row.name, row.kind)) for row in rows})


def username(key: str, body: str = "", service: str = "", role: str = "") -> str:
    """The sign-in name of a demo person: `demo-party-A` or `demo-131229-<service>-<role>-A`."""
    return f"demo-{body}-{service}-{role}-{key}" if body else f"demo-party-{key}"


def demo_bodies() -> list[str]:
    """The codes of the bodies that have demo staff."""
    return [str(code) for code in _data()["bodies"]]


def _demo_only() -> None:
    if config.mode() == "production":
        raise DemoRefused("demo people exist in demo mode only")


def _today() -> date:
    from kiban.ops import clock

    return clock.today()


@lru_cache(maxsize=1)
def _data() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(_PEOPLE.read_text(encoding="utf-8"))
    return found


def _parties() -> Iterator[Person]:
    for entry in _data()["parties"]:
        key = entry["key"]
        yield Person(username(key), entry["name"], entry["note"], "party", key)


def _staff(on: date) -> Iterator[Person]:
    from kiban.definitions import editions

    note = {"ja": "職員（架空）", "en": "staff (invented)"}
    for compiled in editions.catalogue(on):
        service = compiled.service
        for role in service.roles.values():
            if role.kind != "staff":
                continue
            for body in _bodies_of(service.ministry, role.reach):
                for key, names in _data()["staff"].items():
                    yield Person(
                        username(key, body, service.slug, role.name),
                        names[_place(list(service.roles), role.name, len(names))],
                        note,
                        "staff",
                        key,
                        body,
                        service.slug,
                        role.name,
                        {"ja": role.label.ja, "en": role.label.en or role.label.ja},
                    )


def _bodies_of(ministry: str, reach: str) -> list[str]:
    """Where the people of a role stand, by how far it reaches."""
    if reach == "granted":
        return [str(code) for code in _data()["granted"]]
    return [ministry] if reach in _NATIONAL else demo_bodies()


def _place(roles: list[str], role: str, names: int) -> int:
    return roles.index(role) % names


def _make(person: Person, today: date) -> None:
    """The user and its grant; nothing when they are there."""
    from kiban.access.actors import grant
    from kiban.access.models import RoleGrant, User

    user = User.objects.filter(username=person.username).first()
    if user is None:
        user = User(
            username=person.username, display_name=person.name["ja"], kind=person.kind, party=person.party
        )
        user.set_unusable_password()
        user.save()
    if person.kind == "staff" and not RoleGrant.objects.filter(user=user).exists():
        grant(user, person.body, person.service, person.role, date(today.year - 1, 4, 1))
