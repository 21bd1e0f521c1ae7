"""Migrations that move data: done on a database that holds what an older version wrote."""

import json
import subprocess
import sys
import uuid

import psycopg
import pytest
from lending_office import BODY

from kiban.ops.roles import prepare_database

PARTY = "p-0190a5b0-0000-7000-8000-000000000001"
SECURED = (
    "SELECT bool_and(relrowsecurity AND relforcerowsecurity) FROM pg_class "
    "WHERE relname IN ('cases_case', 'cases_shared', 'cases_inbox', 'cases_outbox')"
)


@pytest.fixture
def older(database):
    """`migrate(to)` on a database of its own, as the owner; and a connection that sees everything in it."""
    name, cluster = f"{database.name}_older", database.cluster
    with psycopg.connect(**cluster.superuser().parameters(), autocommit=True) as administrator:
        administrator.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        prepare_database(cluster.superuser(), name)

        def migrate(to):
            done = subprocess.run(
                [sys.executable, "-m", "kiban.ops.cli", "django", "migrate", "cases", to, "-v", "0"],
                env={**database.environment("owner"), "KIBAN_DATABASE_NAME": name},
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr[-3000:]

        migrate("0003")
        with psycopg.connect(**cluster.superuser(name).parameters(), autocommit=True) as connection:
            connection.execute("SET session_replication_role = replica")
            yield migrate, connection
        administrator.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_what_a_party_has_filed_becomes_its_delivered_list(older):
    migrate, connection = older
    case, gone, note = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
    connection.execute(
        "INSERT INTO cases_case (body, id, service, procedure, edition, number, state, final, document, title, subject, "
        "party, opened_at, updated_at, seq, head, rooted, due_on) VALUES (%s, %s, 'lending', 'request', 'e1', 'N-1', "
        "'returned', true, '{}', '髙橋 太郎', '', %s, '2026-10-05T10:00+09', '2026-10-09T10:00+09', 3, '', 0, "
        "'2026-10-08')",
        (BODY, case, PARTY),
    )
    for filed in (case, gone):
        connection.execute(
            "INSERT INTO cases_filed (body, target, case_id, service, at) "
            "VALUES (%s, %s, %s, 'lending', '2026-10-05T10:00+09')",
            (PARTY, BODY, filed),
        )
    connection.execute(
        "INSERT INTO cases_inbox (body, id, target, case_id, name, subject, text, at) "
        "VALUES (%s, %s, %s, %s, 'received', '{}', '{}', '2026-10-05T10:00+09')",
        (PARTY, note, BODY, case),
    )
    for seq, jobs in ((1, ["filed", "notices"]), (2, ["notices"])):
        connection.execute(
            "INSERT INTO cases_outbox (body, case_id, seq, jobs, at, attempts, problem) "
            "VALUES (%s, %s, %s, %s, '2026-10-05T10:00+09', 0, '')",
            (BODY, case, seq, json.dumps(jobs)),
        )
    migrate("0004")
    lines = connection.execute(
        "SELECT case_id, procedure, edition, number, state, final, title, due_on::text, why, seq, "
        "changed_at = '2026-10-09T10:00+09' FROM cases_shared WHERE body = %s AND target = %s ORDER BY seq",
        (PARTY, BODY),
    ).fetchall()
    assert lines == [
        (gone, "", "", "", "", False, "", None, "own", 0, None),
        (case, "request", "e1", "N-1", "returned", True, "髙橋 太郎", "2026-10-08", "own", 3, True),
    ]
    assert connection.execute("SELECT service, owner FROM cases_inbox").fetchall() == [("lending", "")]
    jobs = connection.execute("SELECT seq, jobs FROM cases_outbox ORDER BY seq").fetchall()
    assert jobs == [(1, ["notices", "shared"]), (2, ["notices"])]
    assert connection.execute(SECURED).fetchone() == (True,)
