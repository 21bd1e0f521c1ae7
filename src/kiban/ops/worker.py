"""The worker process: clocks that are due, and what acts have left in the outbox.

It asks `kiban.cases.worker:run_once() -> int` (how much was done) again and again: at once while there is
work, less often while there is none, and with growing pauses while something is wrong, e.g. while the
database restarts.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable

_log = logging.getLogger("kiban.worker")
_IDLE = 1.0  # seconds between looks when there was nothing to do
_PAUSE = (1.0, 2.0, 5.0, 10.0, 30.0)


def loop(run_once: Callable[[], int], stop: threading.Event, *, reset: Callable[[], None]) -> None:
    """Until `stop` is set. `reset` is called after each failure: it closes broken connections."""
    failures = 0
    while not stop.is_set():
        try:
            done = run_once()
        except Exception:  # the worker must outlive any task; the task itself stays due
            pause = _PAUSE[min(failures, len(_PAUSE) - 1)]
            failures += 1
            _log.exception("work failed", extra={"failures": failures, "pause": pause})
            reset()
            stop.wait(pause)
            continue
        failures = 0
        if done:
            _log.info("work done", extra={"count": done})
        else:
            stop.wait(_IDLE)


def main() -> int:
    """Run until SIGTERM or SIGINT; the unit of work in hand is finished first."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kiban.ops.settings")
    os.environ.setdefault("KIBAN_DB_ROLE", "worker")
    import django

    django.setup()
    from django.db import connections

    from kiban.cases.worker import run_once

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    _log.info("worker started")
    loop(run_once, stop, reset=connections.close_all)
    connections.close_all()
    return 0


if __name__ == "__main__":
    sys.exit(main())
