"""Clocks that are due act through the one door as `system`, each once, in the order of their instants."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from kiban.access import bodies
from kiban.access.scope import scope
from kiban.cases import door
from kiban.cases.models import Agenda
from kiban.ops.metrics import CLOCKS

_log = logging.getLogger("kiban.clocks")
_BATCH = 200
_LONGEST_WAIT = timedelta(days=1)


class Due(NamedTuple):
    """A clock of a case that is due at an instant."""

    at: datetime
    body: str
    case_id: UUID
    clock: str


def run_due(now: datetime, *, only: Iterable[str] | None = None) -> int:
    """Fires everything that is due by `now`; the number of clocks fired.

    The worker role sees what is due in all bodies; other roles ask body after body (`only` names them, else all:
    for tests and the demo). What fails waits (1 minute, then twice as long each time, at most a day) and keeps the
    kind of its problem; the others go on.
    """
    fired, failed = 0, set[Due]()
    while due := [item for item in _due(now, only, len(failed)) if item not in failed]:
        for item in due:
            try:
                fired += door.fire(item.body, item.case_id, item.clock, item.at) is not None
                CLOCKS.labels("fired").inc()
            except Exception as error:
                _log.exception(
                    "a clock could not fire", extra={"case": str(item.case_id), "clock": item.clock}
                )
                CLOCKS.labels("failed").inc()
                failed.add(item)
                _put_off(item, type(error).__name__, now)
        # An act may have started a clock that is due already: look again, in order.
    return fired


def _due(now: datetime, only: Iterable[str] | None, passed_over: int) -> list[Due]:
    rows = Agenda.objects.filter(Q(retry_at=None) | Q(retry_at__lte=now), fired=False, at__lte=now).order_by(
        "at", "body", "case_id", "clock"
    )
    columns = rows.values_list("at", "body", "case_id", "clock")
    limit = _BATCH + passed_over
    if settings.DB_ROLE == "worker" and only is None:
        return [Due(*row) for row in columns[:limit]]
    found: list[Due] = []
    for body in bodies.codes() if only is None else only:
        with scope(body):
            found += [Due(*row) for row in columns.filter(body=body)[:limit]]
    return sorted(found)[:limit]


def _put_off(item: Due, problem: str, now: datetime) -> None:
    with scope(item.body):
        rows = Agenda.objects.filter(body=item.body, case_id=item.case_id, clock=item.clock, at=item.at)
        row = rows.first()
        if row is not None:
            wait = min(timedelta(minutes=2 ** min(row.attempts, 20)), _LONGEST_WAIT)
            rows.update(attempts=row.attempts + 1, retry_at=now + wait, problem=problem)
