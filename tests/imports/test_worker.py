"""The worker of the platform takes a ledger; killed in the middle, another one goes on, and nothing is taken twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from tests.imports.conftest import BODY, Bringing
from tests.imports.test_importing import _cases, _more

_ROWS = 100


def _worker(database: Any) -> subprocess.Popen[bytes]:
    environment = {**database.environment("worker"), "DJANGO_SETTINGS_MODULE": "kiban.ops.settings"}
    return subprocess.Popen(
        [sys.executable, "-m", "kiban.ops.worker"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _wait(what: Callable[[], bool], seconds: int = 90) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "not in time"
        time.sleep(0.1)


def test_a_killed_worker_takes_nothing_twice(
    bringing: Bringing, book: Callable[..., bytes], database: Any
) -> None:
    from kiban.access.scope import scope
    from kiban.delivery.models import Queue
    from kiban.imports import uploads

    upload = bringing.send(book([_more(number) for number in range(1, _ROWS + 1)]))
    worker = _worker(database)
    try:
        _wait(lambda: bringing.again(upload).state == "checked")
        uploads.confirm(bringing.again(upload), bringing.user, only_right=False)
        _wait(lambda: len(_cases()) > 10)
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
        assert bringing.again(upload).state == "running"
        worker = _worker(database)
        _wait(lambda: bringing.again(upload).state == "done")
        _wait(lambda: Queue.objects.filter(name="import", waiting=0).exists())
    finally:
        worker.terminate()
        worker.wait(timeout=30)
    cases = _cases()
    assert len(cases) == _ROWS
    with scope(BODY):
        from kiban.registries.models import Record

        assert Record.objects.filter(body=BODY, registry="permits").count() == _ROWS
    assert {case.state for case in cases} == {"loaned"}
