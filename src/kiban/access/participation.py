"""参加: whether a body takes part in a service on a day, and the days on which it is closed."""

from __future__ import annotations

from datetime import date
from typing import Literal, cast

from kiban.access import bodies, reference
from kiban.access.models import ClosedDay, Participation
from kiban.kernel.calendar import Calendar
from kiban.kernel.definitions.model import Service

Level = Literal["none", "trial", "full"]


def level(service: Service, body: str, on: date) -> Level:
    """The body's own choice in force on `on`, else what the service says for its kind of body."""
    return cast(
        Level, reference.cached(("participation", service.slug, body, on), lambda: _level(service, body, on))
    )


def set_level(service: str, body: str, value: Level, from_date: date) -> None:
    """From this day the body takes part as said."""
    Participation.objects.update_or_create(
        body=body, service=service, from_date=from_date, defaults={"level": value}
    )
    reference.forget()


def calendar(body: str) -> Calendar:
    """The calendar of a body: the national one with its own closed and open days."""
    return reference.cached(("calendar", body), lambda: _calendar(body))


def close(body: str, day: date, reason: str = "") -> None:
    """The body closes on a day."""
    ClosedDay.objects.update_or_create(body=body, date=day, defaults={"open": False, "reason": reason})
    reference.forget()


def _level(service: Service, body: str, on: date) -> str:
    row = (
        Participation.objects.filter(service=service.slug, body=body, from_date__lte=on)
        .order_by("-from_date")
        .first()
    )
    if row is not None:
        return row.level
    default = service.participation
    return default.kinds.get(bodies.get(body).kind, default.default)


def _calendar(body: str) -> Calendar:
    days = list(ClosedDay.objects.filter(body=body))
    return Calendar(
        closed=frozenset(day.date for day in days if not day.open),
        open_=frozenset(day.date for day in days if day.open),
    )
