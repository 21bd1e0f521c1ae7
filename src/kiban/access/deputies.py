"""Who acts in whose place while somebody is away (代決). What is set stands in `kiban.access.absence`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from uuid import UUID

from kiban.access import reference
from kiban.access.models import Absence
from kiban.ops import clock


def in_place_of(user: UUID, body: str, on: date) -> tuple[UUID, ...]:
    """Those in whose place somebody acts in a body on a day. From a cache."""
    return tuple(
        absent for absent, deputy, first, last in _of(body) if deputy == user and first <= on <= last
    )


def deputies_of(away: Collection[UUID], body: str, on: date) -> tuple[UUID, ...]:
    """Who acts in the place of these people in a body on a day. From a cache."""
    return tuple(
        deputy for absent, deputy, first, last in _of(body) if absent in away and first <= on <= last
    )


def _of(body: str) -> tuple[tuple[UUID, UUID, date, date], ...]:
    def read() -> tuple[tuple[UUID, UUID, date, date], ...]:
        rows = Absence.objects.filter(body=body, to_date__gte=clock.today())
        return tuple(rows.order_by("id").values_list("user_id", "deputy_id", "from_date", "to_date"))

    return reference.cached(("absences", body, clock.today()), read)


def bodies_of_deputy(user: UUID, on: date) -> list[tuple[str, UUID]]:
    """(body, absent person) wherever somebody is a deputy on a day."""
    rows = Absence.objects.filter(deputy_id=user, from_date__lte=on, to_date__gte=on)
    return list(rows.values_list("body", "user_id"))
