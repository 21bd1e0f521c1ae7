"""The rounds of the worker: `run_once` (clocks, outbox, daily roots), `send_once` (e-mail, webhooks), `pulse_once`.

`kiban.ops.worker` runs each of them in a loop of its own, so that a slow mail server holds up no clock.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from datetime import date

from kiban.access import bodies, sessions
from kiban.bulk import runs as bulk
from kiban.cases import answers, clocks, roots
from kiban.delivery import health, outbox, sender
from kiban.delivery.messages import now as real_now
from kiban.imports import work as imports
from kiban.kernel.dates import today_in_tokyo
from kiban.ops import clock

_log = logging.getLogger("kiban.worker")
_sealed: set[date] = set()
_LOOK_EVERY = 10.0  # seconds between two looks at the queues
_pulse = health.Pulse(f"{socket.gethostname()}/{os.getpid()}")
_looked = float("-inf")
_swept: set[date] = set()


def run_once() -> int:
    """Does what is due; how much was done (0: nothing, look again later)."""
    now = clock.now()
    with _pulse.busy("clocks"):
        done = clocks.run_due(now)
    with _pulse.busy("outbox"):
        done += outbox.run(now)
    with _pulse.busy("imports"):
        done += imports.run(now)
    with _pulse.busy("bulk"):
        done += bulk.run(now)
    today = today_in_tokyo(now)
    if not done and today not in _sealed:
        with _pulse.busy("roots"):
            seal_roots(today)
        _sealed.clear()
        _sealed.add(today)
    _pulse.done += done
    return done


def send_once() -> int:
    """Sends what is due outside; once a day takes away what was sent or answered long ago."""
    done = sender.run()
    today = today_in_tokyo(real_now())
    if not done and today not in _swept:
        sender.forget_old(real_now())
        answers.forget_old(clock.now())
        sessions.forget_old(real_now())
        imports.forget_old(clock.now())
        bulk.forget_old(clock.now())
        _swept.clear()
        _swept.add(today)
    return done


def pulse_once() -> int:
    """Says that this worker lives and at what it is; looks at the queues now and then."""
    global _looked
    _pulse.beat()
    if time.monotonic() - _looked >= _LOOK_EVERY:
        _looked = time.monotonic()
        health.look(clock.now())
    return 0


def seal_roots(day: date) -> int:
    """The roots of all bodies for a day: once a day, when nothing else is to be done; the number made."""
    made = sum(roots.seal_day(body, day) is not None for body in bodies.codes())
    if made:
        _log.info("daily roots", extra={"count": made})
    return made
