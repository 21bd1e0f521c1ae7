"""The worker's loop: busy while there is work, patient when something is wrong, stops when asked."""

from __future__ import annotations

import threading
import time
from itertools import pairwise

import pytest

from kiban.ops import worker


def test_it_asks_again_at_once_while_there_is_work() -> None:
    stop, left = threading.Event(), [3, 2, 1]

    def run_once() -> int:
        if not left:
            stop.set()
            return 0
        return left.pop()

    started = time.monotonic()
    worker.loop(run_once, stop, reset=lambda: None)
    assert left == [] and time.monotonic() - started < 30


def test_it_outlives_errors_waits_longer_each_time_and_resets(monkeypatch: pytest.MonkeyPatch) -> None:
    stop, calls, resets = threading.Event(), [], []
    monkeypatch.setattr(worker, "_PAUSE", (0.05, 0.5, 1.0))

    def run_once() -> int:
        calls.append(time.monotonic())
        if len(calls) < 4:
            raise ConnectionError("database is restarting")
        stop.set()
        return 1

    worker.loop(run_once, stop, reset=lambda: resets.append(1))
    assert len(calls) == 4 and len(resets) == 3
    pauses = [later - earlier for earlier, later in pairwise(calls)]
    assert pauses[0] < pauses[1] < pauses[2]


def test_it_sleeps_when_idle_and_wakes_to_stop() -> None:
    stop, calls = threading.Event(), []
    threading.Timer(0.2, stop.set).start()
    started = time.monotonic()
    worker.loop(lambda: calls.append(1) or 0, stop, reset=lambda: None)
    assert len(calls) == 1 and time.monotonic() - started < 30
