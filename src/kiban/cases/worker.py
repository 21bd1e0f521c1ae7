"""One round of the worker: clocks that are due, then what acts have left in the outbox, then the daily roots."""

from __future__ import annotations

import logging
from datetime import date

from kiban.access import bodies
from kiban.cases import clocks, outbox, roots
from kiban.kernel.dates import today_in_tokyo
from kiban.ops import clock

_log = logging.getLogger("kiban.worker")
_sealed: set[date] = set()


def run_once() -> int:
    """Does what is due; how much was done (0: nothing, look again later). `kiban.ops.worker` loops over it."""
    now = clock.now()
    done = clocks.run_due(now) + outbox.run(now)
    today = today_in_tokyo(now)
    if not done and today not in _sealed:
        seal_roots(today)
        _sealed.clear()
        _sealed.add(today)
    return done


def seal_roots(day: date) -> int:
    """The roots of all bodies for a day: once a day, when nothing else is to be done; the number made."""
    made = sum(roots.seal_day(body, day) is not None for body in bodies.codes())
    if made:
        _log.info("daily roots", extra={"count": made})
    return made
