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
    slug = service.slug
    chosen = reference.cached(("participation", slug), lambda: _chosen(slug)).get(body, ())
    default = service.participation
    found = default.kinds.get(bodies.get(body).kind, default.default)
    for since, value in chosen:
        if since <= on:
            found = value
    return found


def calendar(body: str) -> Calendar:
    """The calendar of a body: the national one with its own closed and open days."""
    return reference.cached(("calendar", body), lambda: _calendar(body))


def _chosen(service: str) -> dict[str, list[tuple[date, Level]]]:
    """What the bodies themselves have chosen for a service, oldest first: read at once for all of them."""
    found: dict[str, list[tuple[date, Level]]] = {}
    rows = Participation.objects.filter(service=service).order_by("from_date")
    for body, since, value in rows.values_list("body", "from_date", "level"):
        found.setdefault(body, []).append((since, cast(Level, value)))
    return found


def _calendar(body: str) -> Calendar:
    closing = reference.cached("bodies with days of their own", _bodies_with_days)
    days = list(ClosedDay.objects.filter(body=body)) if body in closing else []
    return Calendar(
        closed=frozenset(day.date for day in days if not day.open),
        open_=frozenset(day.date for day in days if day.open),
    )


def _bodies_with_days() -> frozenset[str]:
    return frozenset(ClosedDay.objects.values_list("body", flat=True).distinct())
