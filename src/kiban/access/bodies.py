"""The directory of bodies: kept in the database, looked up in memory.

`load_bodies` fills the table from `kiban.access.bodies_source` and may be repeated. The lookups read the table
once per process: bodies change with a release, not while it runs.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

from django.db import transaction

from kiban.access.bodies_search import search_bodies
from kiban.access.bodies_source import MUNICIPALITIES, BodyRow, all_bodies
from kiban.access.models import Body
from kiban.access.places import Places
from kiban.kernel.facts import BodyFacts

_COLUMNS = tuple(column.name for column in fields(BodyRow))


class UnknownBody(LookupError):
    """No body has this code."""


def load_bodies() -> int:
    """Brings the table to what the sources say; the number of rows added or changed. Bodies are never deleted."""
    known = {body.code: body for body in Body.objects.all()}
    wanted = [Body(**_values(row)) for row in all_bodies()]
    new = [body for body in wanted if body.code not in known]
    changed = [body for body in wanted if body.code in known and _differs(body, known[body.code])]
    with transaction.atomic():
        Body.objects.bulk_create(new, batch_size=500)
        if changed:
            Body.objects.bulk_update(changed, [c for c in _COLUMNS if c != "code"], batch_size=200)
    _directory.cache_clear()
    return len(new) + len(changed)


def get(code: str) -> BodyFacts:
    """The body as rules see it: `prefecture` is the prefecture's name. Raises UnknownBody."""
    found = _directory().facts.get(code)
    if found is None:
        raise UnknownBody(code)
    return found


def row(code: str) -> BodyRow:
    """All that is known of a body. Raises UnknownBody."""
    found = _directory().rows.get(code)
    if found is None:
        raise UnknownBody(code)
    return found


def exists(code: str) -> bool:
    """Whether a body has this code."""
    return code in _directory().rows


def codes() -> list[str]:
    """The codes of all bodies, in order."""
    return list(_directory().rows)


def search(query: str, limit: int = 50) -> list[BodyRow]:
    """Bodies by any part of the name, its reading, a code or a postal code; best first (`search_bodies`)."""
    return search_bodies(_directory().rows.values(), query, limit)


def responsible(code: str) -> str:
    """The body that a ward's affairs belong to (its city); the body itself otherwise."""
    found = row(code)
    return found.parent if found.kind == "ward" else code


def neighbours(code: str, limit: int = 12) -> list[BodyRow]:
    """Municipalities around a body, nearest first: of its county, then of its prefecture by postal area.

    Postal codes grow along the routes of delivery, so that near numbers are near places; no map is needed to
    point to an office that can help.
    """
    here = row(responsible(code))
    others = [
        other
        for other in _directory().rows.values()
        if other.prefecture == here.prefecture and other.kind in MUNICIPALITIES and other.code != here.code
    ]
    others.sort(
        key=lambda other: (
            not here.county or other.county != here.county,
            _gap(here, other),
            other.code,
        )
    )
    return others[:limit]


def locate(address: str) -> str | None:
    """The municipality that an address begins with (`kiban.access.places`), else None."""
    return _directory().places.locate(address)


@dataclass(frozen=True)
class _Directory:
    rows: dict[str, BodyRow]
    facts: dict[str, BodyFacts]
    places: Places


@lru_cache(maxsize=1)
def _directory() -> _Directory:
    rows = {
        body.code: BodyRow(
            **{**{c: getattr(body, c) for c in _COLUMNS}, "postal_codes": array("I", body.postal_codes)}
        )
        for body in Body.objects.all()
    }
    if not rows:
        _directory_is_empty()
    wards = defaultdict(list)
    for body in rows.values():
        if body.kind == "ward":
            wards[body.parent].append(body.code)
    facts = {
        body.code: BodyFacts(body.code, body.name, body.kind, body.prefecture_name, tuple(wards[body.code]))
        for body in rows.values()
    }
    return _Directory(rows, facts, Places(rows.values()))


def _directory_is_empty() -> None:
    raise LookupError("the table of bodies is empty: run kiban.access.bodies.load_bodies()")


def _gap(here: BodyRow, other: BodyRow) -> int:
    """The smallest difference between a postal code of the one and one of the other."""
    codes, smallest = other.postal_codes, 10_000_000
    for code in here.postal_codes:
        at = bisect_left(codes, code)
        smallest = min([smallest, *(abs(near - code) for near in codes[max(0, at - 1) : at + 1])])
    return smallest


def _values(body: BodyRow) -> dict[str, Any]:
    return {**{column: getattr(body, column) for column in _COLUMNS}, "postal_codes": list(body.postal_codes)}


def _differs(one: Body, other: Body) -> bool:
    return any(getattr(one, column) != getattr(other, column) for column in _COLUMNS)
