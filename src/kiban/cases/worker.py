"""One round of the worker: clocks that are due, then what acts have left in the outbox, then the daily roots."""

from __future__ import annotations

from kiban.cases import clocks, outbox
from kiban.ops import clock


def run_once() -> int:
    """Does what is due; how much was done (0: nothing, look again later). `kiban.ops.worker` loops over it."""
    now = clock.now()
    return clocks.run_due(now) + outbox.run(now)
