"""The database that tests are given: one per session, emptied after each test, entered as the application."""

from __future__ import annotations

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone

from kiban.ops.testing import TestDatabase


def _leave_a_row() -> None:
    Session.objects.create(session_key="a" * 32, session_data="x", expire_date=timezone.now())


def test_it_is_entered_as_the_application(database: TestDatabase) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_database()")
        assert cursor.fetchone() == ("kiban_app", database.name)


@pytest.mark.parametrize("turn", [1, 2])
def test_what_one_test_commits_the_next_does_not_see(database: TestDatabase, turn: int) -> None:
    assert not Session.objects.exists()
    _leave_a_row()
    row = database.administrator.execute("SELECT count(*) FROM django_session").fetchone()
    assert row == (1,), "committed for real: another connection sees it"


def test_reference_data_stays(database: TestDatabase) -> None:
    database.empty()
    row = database.administrator.execute("SELECT count(*) FROM django_migrations").fetchone()
    assert row is not None and row[0] > 0


def test_another_session_gets_another_database(database: TestDatabase) -> None:
    import os
    import subprocess
    import sys

    name = "from kiban.ops.testing import TestDatabase\nd = TestDatabase()\nprint(d.name)\nd.close()\n"
    done = subprocess.run([sys.executable, "-c", name], capture_output=True, text=True, env=dict(os.environ))
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().startswith("kiban_test_") and done.stdout.strip() != database.name
    with connection.cursor() as cursor:  # and leaving it has not stopped our server
        cursor.execute("SELECT 1")


def test_without_the_fixture_there_is_no_database() -> None:
    with pytest.raises(RuntimeError, match="Database access not allowed"):
        Session.objects.exists()
