"""The ledger follows from the events: what differs is found, mended, and filled in an installation older than it."""

from __future__ import annotations

from kiban.cases import rebuild
from tests.web.conftest import BODY
from tests.web.money.conftest import MONEY, Granted, Person
from tests.web.test_desk import act

WRONG = (
    "DELETE FROM money_entry WHERE \"do\" = 'settle'",
    "UPDATE money_entry SET amount = 7500 WHERE \"do\" = 'settle'",
    "UPDATE money_entry SET actor = 'x', day = '2026-01-01' WHERE \"do\" = 'raise'",
)


def _tamper(database, sql: str) -> None:
    database.administrator.execute(sql)


def test_what_differs_is_found_and_mended(person: Person, granted: Granted, database) -> None:
    clerk = person("clerk")
    act(clerk, granted.desk, "pay", amount="750", method="cash")
    assert rebuild.rebuild(BODY, check=True).differences == []
    for sql in WRONG:
        _tamper(database, sql)
        (line,) = rebuild.rebuild(BODY, check=True).differences
        assert f"case {granted.id}: the ledger of money differs from event" in line, sql
        assert rebuild.rebuild(BODY, check=False).differences == [line]
        assert rebuild.rebuild(BODY, check=True).differences == []
    assert "R08-00001" in clerk.get(MONEY)


def test_a_closed_day_whose_entries_change_is_found(person: Person, granted: Granted, database) -> None:
    clerk = person("clerk")
    act(clerk, granted.desk, "pay", amount="750", method="cash")
    clerk.post(f"{MONEY}days/2026-10-02/", {"do": "close", "total": "750"})
    assert rebuild.rebuild(BODY, check=True).differences == []
    _tamper(database, "UPDATE money_entry SET book_day = '2026-10-03' WHERE \"do\" = 'settle'")
    (line,) = rebuild.rebuild(BODY, check=True).differences
    assert "closed day temporary-plate/2026-10-02" in line


def test_an_older_installation_is_filled_once(person: Person, granted: Granted, database) -> None:
    act(person("clerk"), granted.desk, "pay", amount="750", method="cash")
    _tamper(database, "DELETE FROM money_entry")
    _tamper(database, "COMMENT ON TABLE money_entry IS NULL")
    _as_owner(database)
    assert rebuild.rebuild(BODY, check=True).differences == []


def _as_owner(database) -> None:
    """`fill` in a process of its own, as the role that owns the schema."""
    import os
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-c", "import django; django.setup(); from kiban.money.rebuild import fill; fill()"],
        env={**os.environ, **database.environment(), "KIBAN_DB_ROLE": "owner",
             "DJANGO_SETTINGS_MODULE": "kiban.ops.settings"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
