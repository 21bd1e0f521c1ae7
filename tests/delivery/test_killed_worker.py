"""A worker that is killed in the middle: another one goes on, nothing is lost, what comes twice has the same id."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time

from lending_office import BODY, SERVICE

from kiban.access.scope import scope
from kiban.delivery import health, webhooks
from kiban.delivery.models import SENT, Heartbeat, Message, Queue

_CASES = 12
_CODE = """
import django
django.setup()
from datetime import timedelta
from kiban.delivery import sender
sender.LEASE = timedelta(seconds=2)
from kiban.ops import worker
import sys
sys.exit(worker.main())
"""


def _worker(database):
    environment = {**database.environment("worker"), "KIBAN_WEBHOOK_LOOPBACK": "1"}
    environment["DJANGO_SETTINGS_MODULE"] = "kiban.ops.settings"
    return subprocess.Popen(
        [sys.executable, "-c", _CODE], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _wait(what, seconds=60):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "not in time"
        time.sleep(0.1)


def test_a_killed_worker_loses_nothing(office, receiver, database):
    slow = threading.Event()
    answer = receiver.server.RequestHandlerClass.do_POST

    def hesitant(handler):
        if not slow.is_set():
            time.sleep(0.5)
        answer(handler)

    receiver.server.RequestHandlerClass.do_POST = hesitant
    with scope(BODY):
        webhooks.create(SERVICE, "受信", receiver.url, webhooks.TYPES, "tester")
    opened = [office.submit().case_id for _ in range(_CASES)]
    worker = _worker(database)
    try:
        _wait(lambda: len(receiver.calls) >= 2)
        os.kill(worker.pid, signal.SIGKILL)  # between the call and the note of it
        worker.wait()
        slow.set()
        worker = _worker(database)

        def done():
            with scope(BODY):
                return Message.objects.filter(body=BODY, state=SENT).count() == _CASES

        _wait(done)
        _wait(lambda: Queue.objects.filter(name="webhook", waiting=0).exists())
        assert health.report().alive >= 1
        assert Heartbeat.objects.filter(name__endswith=f"/{worker.pid}").exists()
    finally:
        worker.terminate()
        worker.wait(timeout=30)
    by_case: dict[str, set[str]] = {}
    for headers, content in receiver.calls:
        by_case.setdefault(json.loads(content)["data"]["case"], set()).add(headers["webhook-id"])
    assert sorted(by_case) == sorted(opened)
    assert all(len(ids) == 1 for ids in by_case.values())
