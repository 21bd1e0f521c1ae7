"""Editions with the fields that a body has added (団体の追加項目): for its own people, and for its parties.

`edition(id, body, on)` is an edition as the body asks it on a day. Whoever is neither of the body nor the party of a
case reads by `kiban.definitions.editions`, which does not know these fields.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import Any

from kiban.access import reference
from kiban.definitions import editions
from kiban.definitions.models import LocalField as Row
from kiban.kernel.definitions.compiled import CompiledService
from kiban.kernel.definitions.local import LocalField, extended
from kiban.kernel.definitions.words import Field
from kiban.ops import clock

_Versions = tuple[tuple[int, str, int], ...]


def edition(edition: str, body: str, on: date) -> CompiledService:
    """The compiled edition with the fields of the body in force on a day. Raises UnknownService."""
    compiled = editions.get(edition)
    service = compiled.service.slug
    if body not in reference.cached(("bodies with fields", service), lambda: _bodies(service)):
        return compiled
    found: CompiledService = reference.cached(
        ("local edition", edition, body, on), lambda: _extended(edition, body, _versions(service, body, on))
    )
    return found


def ever(edition: str, body: str) -> CompiledService:
    """The edition with every field that the body has asked up to today, as it stood last. Raises UnknownService."""
    compiled = editions.get(edition)
    latest = _latest(compiled.service.slug, body, clock.today()).values()
    return extended(compiled, body, map(as_field, sorted(latest, key=lambda row: (row.position, row.id))))


def in_force(service: str, body: str, on: date) -> list[Row]:
    """The body's fields of a service on a day, each as it stands then, in their order."""
    rows = (row for row in _latest(service, body, on).values() if not row.retired)
    return sorted(rows, key=lambda row: (row.position, row.id))


def as_field(row: Row) -> LocalField:
    """A stored version as a word of the definition."""
    return LocalField(row.form, row.section, Field.model_validate({"name": row.name, **row.definition}))


def definition_of(field: Field) -> dict[str, Any]:
    """A field as it is stored: the inverse of `as_field`."""
    words = {"label", "help", "type", "required", "options"}
    found: dict[str, Any] = field.model_dump(mode="json", include=words, exclude_none=True)
    return found


def _latest(service: str, body: str, on: date) -> dict[tuple[str, str], Row]:
    rows = Row.objects.filter(body=body, service=service, from_date__lte=on).order_by("from_date")
    return {(row.form, row.name): row for row in rows}


def _bodies(service: str) -> frozenset[str]:
    return frozenset(Row.objects.filter(service=service).values_list("body", flat=True).distinct())


def _versions(service: str, body: str, on: date) -> _Versions:
    return tuple((row.id, row.set_at.isoformat(), row.position) for row in in_force(service, body, on))


@lru_cache(maxsize=512)
def _extended(edition: str, body: str, versions: _Versions) -> CompiledService:
    """Compiled once for the same versions of fields, on however many days they hold."""
    rows = {row.id: row for row in Row.objects.filter(id__in=[version[0] for version in versions])}
    return extended(editions.get(edition), body, _fields(rows, versions))


def _fields(rows: dict[int, Row], versions: _Versions) -> Iterator[LocalField]:
    for key, *_rest in versions:
        if key in rows:
            yield as_field(rows[key])
