"""The worker process: what is due, what acts have left, what goes outside, each in a loop of its own.

A loop asks its `once() -> int` (how much was done) again and again: at once while there is work, less often while
there is none, and with growing pauses while something is wrong, e.g. while the database restarts.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial

_log = logging.getLogger("kiban.worker")
_IDLE = 1.0  # seconds between looks when there was nothing to do
_BEAT = 5.0  # seconds between two signs of life
_PAUSE = (1.0, 2.0, 5.0, 10.0, 30.0)


def loop(
    run_once: Callable[[], int],
    stop: threading.Event,
    *,
    reset: Callable[[], None],
    idle: float = _IDLE,
    count: Callable[[str], None] = lambda outcome: None,
) -> None:
    """Until `stop` is set. `reset` is called after each failure: it closes broken connections."""
    failures = 0
    while not stop.is_set():
        try:
            done = run_once()
        except Exception:  # the worker must outlive any task; the task itself stays due
            pause = _PAUSE[min(failures, len(_PAUSE) - 1)]
            failures += 1
            count("failed")
            _log.exception("work failed", extra={"failures": failures, "pause": pause})
            reset()
            stop.wait(pause)
            continue
        failures = 0
        count("done" if done else "idle")
        if done:
            _log.info("work done", extra={"count": done})
        else:
            stop.wait(idle)


def main() -> int:
    """Run until SIGTERM or SIGINT; the units of work in hand are finished first."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kiban.ops.settings")
    os.environ.setdefault("KIBAN_DB_ROLE", "worker")
    import django

    django.setup()
    from django.db import connections

    from kiban.delivery import worker
    from kiban.ops.metrics import ROUNDS

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    _log.info("worker started")

    def keep(name: str, once: Callable[[], int], idle: float = _IDLE) -> None:
        count = partial(_count, ROUNDS, name)
        loop(once, stop, reset=connections.close_all, idle=idle, count=count)
        connections.close_all()

    others = [
        threading.Thread(target=keep, args=("send", worker.send_once), name="send"),
        threading.Thread(target=keep, args=("pulse", worker.pulse_once, _BEAT), name="pulse"),
    ]
    for thread in others:
        thread.start()
    keep("work", worker.run_once)
    for thread in others:
        thread.join(timeout=15)
    return 0


def _count(counter: object, name: str, outcome: str) -> None:
    counter.labels(name, outcome).inc()  # type: ignore[attr-defined]


if __name__ == "__main__":
    sys.exit(main())
