"""First answers to keys are kept for a while; the worker takes the old ones away, and nothing else."""

import subprocess
import sys
from datetime import timedelta

from lending_office import BODY, NOW, OTHER

from kiban.access.scope import scope
from kiban.cases import answers
from kiban.cases.models import Case, Idempotency


def _kept(body=BODY):
    with scope(body):
        return set(Idempotency.objects.filter(body=body).values_list("key", flat=True))


def test_old_answers_go_and_the_cases_stay(office):
    office.submit(key="old")
    office.submit(key="elsewhere", body=OTHER)
    office.submit(key="new", now=NOW + timedelta(days=1))
    assert answers.forget_old(NOW + answers.KEPT) == 0
    assert answers.forget_old(NOW + answers.KEPT + timedelta(seconds=1)) == 2
    assert (_kept(), _kept(OTHER)) == ({"new"}, set())
    assert office.submit(key="new", now=NOW + timedelta(days=1)).replayed
    assert not office.submit(key="old").replayed  # as if it had never been used
    with scope(BODY):
        assert Case.objects.filter(body=BODY).count() == 3


def test_the_worker_takes_them_away(office, database):
    """Once a day, as the worker's role, in a process of its own."""
    office.submit(key="old")
    code = (
        "import django; django.setup()\n"
        "from datetime import timedelta\n"
        "from kiban.ops import clock\n"
        f"clock.set_clock(clock.now() + timedelta(days={answers.KEPT.days + 1}))\n"
        "from kiban.delivery.worker import send_once\n"
        "send_once()\n"
    )
    environment = {**database.environment("worker"), "DJANGO_SETTINGS_MODULE": "kiban.ops.settings"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert _kept() == set()
