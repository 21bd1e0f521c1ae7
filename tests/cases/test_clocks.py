"""Clocks fire through the door, once; what acts leave is delivered, once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from lending_office import BODY, NOW, OTHER

from kiban.access.scope import scope
from kiban.cases import clocks, door, queries
from kiban.cases.models import Agenda, Event, Notice, Outbox
from kiban.definitions import editions
from kiban.delivery import box, outbox
from kiban.documents import issue
from kiban.documents.models import Document


@pytest.fixture
def lent(office):
    office.stock("B-1")
    opened = office.submit()
    office.act(office.clerk, "lend", opened.case_id)
    return opened


def _acts():
    with scope(BODY):
        return list(
            Event.objects.filter(body=BODY).exclude(act="add").order_by("seq").values_list("act", flat=True)
        )


def test_clocks_fire_in_order_on_their_own_day(office, lent):
    assert clocks.run_due(NOW) == 0
    assert clocks.run_due(NOW + timedelta(days=30), only=[OTHER]) == 0
    assert clocks.run_due(NOW + timedelta(days=30)) == 2
    assert _acts() == ["submit", "lend", "clock.reminder", "make_overdue"]
    with scope(BODY):
        case = queries.view(lent.case_id)
        assert case.row.state == "overdue"
        at = [event.at.astimezone(NOW.tzinfo).isoformat() for event in queries.history(case)]
        assert at[2:] == ["2026-10-08T00:00:00+09:00", "2026-10-10T00:00:00+09:00"]
        assert [e.actor for e in queries.history(case)][2:] == ["system", "system"]
        assert [n.name for n in Notice.objects.filter(body=BODY).order_by("seq")] == [
            "received",
            "late",
            "late",
        ]
    assert clocks.run_due(NOW + timedelta(days=60)) == 0


def test_a_clock_fires_once_however_many_workers_there_are(office, lent):
    with scope(BODY):
        due = Agenda.objects.get(body=BODY, clock="reminder")

    def one(_n):
        try:
            return door.fire(BODY, due.case_id, "reminder", due.at)
        finally:
            connection.close()

    with ThreadPoolExecutor(5) as pool:
        outcomes = list(pool.map(one, range(5)))
    assert sum(outcome is not None for outcome in outcomes) == 1
    assert _acts() == ["submit", "lend", "clock.reminder"]


def test_a_clock_that_no_longer_matters_does_nothing(office, lent):
    office.act(office.clerk, "take_back", lent.case_id)
    with scope(BODY):
        assert not Agenda.objects.filter(body=BODY, fired=False).exists()
    assert clocks.run_due(NOW + timedelta(days=30)) == 0


def test_the_outbox_delivers_to_the_party_and_makes_the_papers(office, lent):
    assert outbox.run(NOW, body=BODY) == 3
    assert outbox.run(NOW, body=BODY) == 0
    mine = box.box_of(office.party)
    (notice,) = box.notices(mine).rows
    assert (notice.name, notice.target, notice.text["ja"]) == (
        "received",
        BODY,
        "髙橋 太郎様の申請を受け付けました。",
    )
    assert (box.unread(mine), box.mark_read(mine, notice.id), box.unread(mine)) == (1, 1, 0)
    with scope(BODY):
        paper = Document.objects.get(body=BODY)
    assert bytes(paper.pdf).startswith(b"%PDF-")
    assert issue.pdf(BODY, paper.id).sha256 == paper.sha256
    with pytest.raises(issue.UnknownDocument):
        issue.pdf(OTHER, paper.id)
    with pytest.raises(issue.UnknownDocument):
        issue.pdf(BODY, "x")


def test_work_that_fails_waits_and_the_rest_goes_on(office, lent, monkeypatch, tmp_path):
    _forget_templates()
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("KIBAN_HOME", str(tmp_path))  # where no fonts are
        assert outbox.run(NOW, body=BODY) == 2
    with scope(BODY):
        row = Outbox.objects.get(body=BODY)
        assert (row.attempts, row.problem, row.retry_at) == (1, "FontsMissing", NOW + timedelta(minutes=1))
    _forget_templates()
    assert outbox.run(NOW, body=BODY) == 0
    assert outbox.run(NOW + timedelta(minutes=2), body=BODY) == 1


def _forget_templates():
    """As in a process that has printed nothing yet."""
    issue._renderer.cache_clear()
    editions.template_folder.cache_clear()


def test_the_worker_finds_work_across_bodies(office, lent, database):
    """As the worker's role, in a process of its own."""
    import subprocess
    import sys

    code = (
        "import django; django.setup()\n"
        "from kiban.ops import clock\n"
        "from datetime import timedelta\n"
        "clock.set_clock(clock.now() + timedelta(days=30))\n"
        "from kiban.delivery.worker import run_once\n"
        "print(run_once(), run_once())\n"
    )
    environment = {**database.environment("worker"), "DJANGO_SETTINGS_MODULE": "kiban.ops.settings"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.split() == ["7", "0"]
    assert _acts() == ["submit", "lend", "clock.reminder", "make_overdue"]
