"""The audit finds every change of what was written; rebuilding finds every projection that differs."""

import hashlib
import json
import subprocess
import sys
from datetime import date, timedelta

import pytest
from lending_office import BODY, NOW, OTHER, SERVICE

from kiban.access.scope import scope
from kiban.cases import audit, clocks, events, ledger, projections, rebuild, roots
from kiban.cases.models import Event, Root
from kiban.delivery import outbox
from kiban.ops import clock


@pytest.fixture
def busy(office):
    """A body with a finished case, one on the way, records and a document."""
    office.stock("B-1", "B-2")
    first = office.submit(form={"code": "A"})
    office.act(office.clerk, "lend", first.case_id)
    office.act(office.clerk, "pay", first.case_id, {"amount": 300})
    office.act(office.clerk, "take_back", first.case_id)
    second = office.submit(form={"code": "C"})
    office.act(office.clerk, "lend", second.case_id)
    outbox.run(clock.now(), body=BODY)
    return first


def _tamper(database, sql, *values):
    """As somebody with all rights on the database."""
    connection = database.administrator
    with connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")
        done = connection.execute(sql, values)
        assert done.rowcount == 1


def _verify(body=BODY):
    return audit.verify(body).differences


def test_nothing_differs(busy):
    report = audit.verify(BODY)
    assert report.differences == []
    assert (report.cases, report.events, report.documents) == (3, 7, 2)
    assert rebuild.rebuild(BODY, check=True).differences == []


COLUMNS = {
    "act": "act = 'withdraw'",
    "actor": "actor = 'somebody'",
    "place": "place = '130001'",
    "department": "department = 'x'",
    "at": "at = at + interval '1 microsecond'",
    "edition": "edition = 'other'",
    "digests": "digests = jsonb_set(digests, '{matter}', '\"00\"')",
    "prev": "prev = set_byte(prev, 0, get_byte(prev, 0) # 1)",
    "hash": "hash = set_byte(hash, 31, get_byte(hash, 31) # 1)",
}


@pytest.mark.parametrize("column", COLUMNS)
def test_a_changed_column_of_an_event_is_found(busy, database, column):
    _tamper(
        database, f"UPDATE cases_event SET {COLUMNS[column]} WHERE case_id = %s AND seq = 2", busy.case_id
    )
    assert any(f"{busy.case_id} event 2" in line for line in _verify())


@pytest.mark.parametrize("column", ["sealed", "nonce", "salt"])
def test_a_changed_byte_of_the_content_is_found(busy, database, column):
    _tamper(
        database,
        f"UPDATE cases_eventcontent SET {column} = set_byte({column}, 3, get_byte({column}, 3) # 1) "
        "WHERE case_id = %s AND seq = 2 AND \"group\" = 'matter'",
        busy.case_id,
    )
    (line,) = [line for line in _verify() if "content" in line]
    assert f"{busy.case_id} event 2: content 'matter'" in line


def test_a_content_moved_to_another_event_is_found(busy, database):
    _tamper(
        database,
        "UPDATE cases_eventcontent a SET (salt, nonce, sealed) = (SELECT salt, nonce, sealed FROM cases_eventcontent b "
        'WHERE b.case_id = a.case_id AND b.seq = 3 AND b."group" = a."group") '
        "WHERE case_id = %s AND seq = 2 AND \"group\" = 'matter'",
        busy.case_id,
    )
    assert _verify()


def test_a_deleted_event_is_found(busy, database):
    _tamper(database, "DELETE FROM cases_event WHERE case_id = %s AND seq = 2", busy.case_id)
    assert any("event 2 is missing" in line for line in _verify())


def test_a_chain_cut_at_its_end_is_found(busy, database):
    _tamper(database, "DELETE FROM cases_event WHERE case_id = %s AND seq = 4", busy.case_id)
    assert any("its chain ends with another" in line for line in _verify())


def test_changed_papers_are_found(busy, database):
    changed = (
        "UPDATE documents_document SET data = jsonb_set(data, '{text,name}', '\"x\"') WHERE case_id = %s"
    )
    _tamper(database, changed, busy.case_id)
    assert any("its data is not what the event issued" in line for line in _verify())
    _tamper(
        database, "UPDATE documents_document SET pdf = pdf || '\\x00'::bytea WHERE case_id = %s", busy.case_id
    )
    assert any("the file was changed" in line for line in _verify())


def test_disposal_leaves_the_chain_whole(busy, database):
    connection = database.administrator
    connection.execute("DELETE FROM cases_eventcontent WHERE \"group\" = 'personal'")
    report = audit.verify(BODY)
    assert report.differences == []
    assert report.disposed > 0


def test_the_daily_root_covers_what_grew(busy, database, office):
    first = roots.seal_day(BODY, date(2026, 10, 5))
    assert len(first.covered) == 3
    assert roots.seal_day(BODY, date(2026, 10, 5)) is None
    assert roots.seal_day(BODY, date(2026, 10, 6)) is None  # nothing grew
    office.submit(form={"code": "D"})
    second = roots.seal_day(BODY, date(2026, 10, 7))
    assert (len(second.covered), bytes(second.prev)) == (1, bytes(first.root))
    assert audit.verify(BODY).roots == 2
    assert _verify() == []
    with scope(BODY):
        assert Root.objects.count() == 2
    # A whole case taken away, with its row: only the root knows.
    connection = database.administrator
    with connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")
        for table in ("cases_eventcontent", "cases_event", "documents_document"):
            connection.execute(f"DELETE FROM {table} WHERE case_id = %s", [busy.case_id])
        connection.execute("DELETE FROM cases_case WHERE id = %s", [busy.case_id])
    assert [line for line in _verify() if "root of 2026-10-05: covered events are missing" in line]


def test_the_command_names_the_difference_and_fails(busy, database, capsys):
    assert audit.main(["verify", "--body", BODY]) == 0
    assert "7 events of 3 cases in 1 bodies" in capsys.readouterr().out
    assert audit.main(["verify", "--body", OTHER]) == 0
    assert audit.main(["verify", "--body", "999999"]) == 2
    _tamper(database, "UPDATE cases_event SET actor = 'x' WHERE case_id = %s AND seq = 1", busy.case_id)
    capsys.readouterr()
    assert audit.main(["verify"]) == 1
    assert f"{BODY} case {busy.case_id} event 1: was changed" in capsys.readouterr().out


WRONG = {
    "document": (
        "UPDATE cases_case SET document = jsonb_set(document, '{state}', '\"lent\"') WHERE id = %s",
        "document",
    ),
    "title": ("UPDATE cases_case SET title = 'x' WHERE id = %s", "columns"),
    "state": ("UPDATE cases_case SET state = 'lent' WHERE id = %s", "columns"),
    "final": ("UPDATE cases_case SET final = NOT final WHERE id = %s", "columns"),
    "subject": ("UPDATE cases_case SET subject = subject || 'x' WHERE id = %s", "columns"),
    "due": ("UPDATE cases_case SET due_on = '2026-01-01' WHERE id = %s", "columns"),
    "charge": ("UPDATE cases_charge SET paid = 0 WHERE case_id = %s", "charges"),
    "charge gone": ("DELETE FROM cases_charge WHERE case_id = %s", "charges"),
    "value": ("DELETE FROM cases_casevalue WHERE case_id = %s AND field = 'code'", "search values"),
    "value changed": (
        "UPDATE cases_casevalue SET value = 'x=y' WHERE case_id = %s AND field = 'code'",
        "search values",
    ),
    "value more": (
        "INSERT INTO cases_casevalue (body, service, field, value, case_id) "
        "SELECT body, service, 'code', 'more', id FROM cases_case WHERE id = %s",
        "search values",
    ),
    "clock": (
        "UPDATE cases_agenda SET at = at + interval '1 day' WHERE case_id = %s AND clock = 'due'",
        "agenda",
    ),
    "clock gone": ("DELETE FROM cases_agenda WHERE case_id = %s AND clock = 'due'", "agenda"),
}


def test_rebuilding_finds_and_mends_each_projection(busy, database):
    ((on_its_way,),) = database.administrator.execute(
        "SELECT id::text FROM cases_case WHERE state = 'lent'"
    ).fetchall()
    for what, (sql, named) in WRONG.items():
        case = on_its_way if what.startswith("clock") else str(busy.case_id)
        _tamper(database, sql, case)
        (line,) = rebuild.rebuild(BODY, check=True).differences
        assert line == f"{BODY} case {case}: {named} differ from the events", what
        assert rebuild.rebuild(BODY, check=False).differences == [line]
        assert rebuild.rebuild(BODY, check=True).differences == []


def test_a_clock_that_would_fire_again_is_found(busy, database):
    assert clocks.run_due(NOW + timedelta(days=3)) == 1
    assert rebuild.rebuild(BODY, check=True).differences == []
    _tamper(database, "UPDATE cases_agenda SET fired = false WHERE clock = 'reminder' AND fired")
    (line,) = rebuild.rebuild(BODY, check=False).differences
    assert "agenda" in line
    assert rebuild.rebuild(BODY, check=True).differences == []


def test_an_act_while_a_span_is_written_is_no_harm(busy, database, monkeypatch):
    """Somebody changes the row between its reading and its writing: the span is folded once more."""
    _tamper(database, "UPDATE cases_case SET title = 'x' WHERE id = %s", busy.case_id)
    write, turns = projections.Tables.write, []

    def late(self, row, made):
        turns.append(row.id)
        if len(turns) == 1:
            _tamper(database, "UPDATE cases_case SET title = 'y' WHERE id = %s", row.id)
        write(self, row, made)

    monkeypatch.setattr(projections.Tables, "write", late)
    assert len(rebuild.rebuild(BODY, check=False).differences) == 1
    assert turns == [busy.case_id] * 2
    assert rebuild.rebuild(BODY, check=True).differences == []


def test_the_command_tells_by_its_status(busy, database, capsys):
    _tamper(database, "UPDATE cases_case SET title = 'x' WHERE id = %s", busy.case_id)
    assert rebuild.main(["--check", "--body", BODY]) == 1
    assert "3 cases and 2 records: 1 differences" in capsys.readouterr().out
    assert rebuild.main(["--body", BODY]) == 0
    assert rebuild.main(["--check", "--body", BODY]) == 0
    assert rebuild.main(["--body", "999999"]) == 2


_RECORD = {
    "data": (
        "UPDATE registries_record SET data = data || '{\"status\": \"gone\"}' WHERE key = 'B-1'",
        "its last version",
    ),
    "number of the version": (
        "UPDATE registries_record SET version = version + 1 WHERE key = 'B-1'",
        "its last version",
    ),
    "gone": ("DELETE FROM registries_record WHERE key = 'B-1'", "is missing"),
    "search value gone": (
        "DELETE FROM registries_recordvalue WHERE key = 'B-1' AND field = 'status'",
        "search values",
    ),
    "search value more": (
        "INSERT INTO registries_recordvalue (body, service, registry, field, value, key) "
        "SELECT body, service, registry, 'status', 'other', key FROM registries_record WHERE key = 'B-1'",
        "search values",
    ),
    "a version": (
        'UPDATE registries_recordversion SET data = data || \'{"status": "gone"}\' '
        "WHERE key = 'B-1' AND version = 2",
        "version 2: differs from its event",
    ),
    "a version in between gone": (
        "DELETE FROM registries_recordversion WHERE key = 'B-1' AND version = 2",
        "its last version",
    ),
    "the last version gone": (
        "DELETE FROM registries_recordversion v WHERE key = 'B-1' AND version = "
        "(SELECT max(version) FROM registries_recordversion WHERE key = v.key)",
        "its last version",
    ),
}


@pytest.fixture
def registries(busy, database):
    """Puts the registries back as they were."""
    tables = [f"registries_{name}" for name in ("record", "recordversion", "recordvalue")]
    connection = database.administrator
    for table in tables:
        connection.execute(f"CREATE TEMP TABLE kept_{table} AS TABLE {table}")

    def restore():
        with connection.transaction():
            connection.execute("SET LOCAL session_replication_role = replica")
            for table in tables:
                connection.execute(f"DELETE FROM {table}")
                connection.execute(f"INSERT INTO {table} TABLE kept_{table}")

    yield restore
    for table in tables:
        connection.execute(f"DROP TABLE kept_{table}")


def test_rebuilding_finds_each_way_in_which_a_registry_differs(registries, database):
    for what, (sql, named) in _RECORD.items():
        _tamper(database, sql)
        lines = rebuild.rebuild(BODY, check=True).differences
        assert any(named in line and "B-1" in line for line in lines), (what, lines)
        registries()
        assert rebuild.rebuild(BODY, check=True).differences == [], what


def test_a_record_that_vanished_with_its_history_is_found(busy, database):
    connection = database.administrator
    with connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")
        for table in ("record", "recordvalue", "recordversion"):
            connection.execute(f"DELETE FROM registries_{table} WHERE key = 'B-2'")
    lines = rebuild.rebuild(BODY, check=True).differences
    assert lines == [f"{BODY} record {SERVICE}/items/B-2: what an event set is in no version of it"]


def test_a_case_without_a_row_and_a_row_without_events_are_found(busy, database):
    _tamper(database, "DELETE FROM cases_case WHERE id = %s", busy.case_id)
    assert f"{BODY} case {busy.case_id}: is missing" in rebuild.rebuild(BODY, check=True).differences
    assert any(f"case {busy.case_id}: has events but no row" in line for line in _verify())


def test_spans_of_any_size_find_the_same(busy, database, monkeypatch):
    for cases in (3, 2, 1):
        monkeypatch.setattr(ledger, "_CASES", cases)
        spans = ledger.spans_of(BODY)
        assert len(spans) == -(-3 // cases)
        assert [span.begins for span in spans] == [True] + [False] * (len(spans) - 1)
    assert ledger.spans_of("131130") == []
    whole, found = audit.verify(BODY), rebuild.rebuild(BODY, check=True)
    assert (whole.cases, whole.events, whole.differences) == (3, 7, [])
    assert (found.cases, found.records, found.differences) == (3, 2, [])
    for (case,) in database.administrator.execute("SELECT id::text FROM cases_case").fetchall():
        _tamper(database, "UPDATE cases_case SET title = title || 'x' WHERE id = %s", case)
        _tamper(database, "UPDATE cases_event SET actor = 'x' WHERE case_id = %s AND seq = 1", case)
    assert len(rebuild.rebuild(BODY, check=True).differences) == 3
    assert len([line for line in _verify() if "was changed" in line]) == 3


def test_the_commands_use_several_processes(busy, office, database):
    """Two bodies have cases: each is taken by a process of its own."""
    other = office.submit(form={"code": "Z"}, body=OTHER)
    _tamper(database, "UPDATE cases_case SET title = 'x' WHERE id = %s", other.case_id)
    _tamper(database, "UPDATE cases_event SET actor = 'x' WHERE case_id = %s", other.case_id)
    for words, named in ((("rebuild", "--check"), "columns differ"), (("audit", "verify"), "was changed")):
        done = subprocess.run(
            [sys.executable, "-m", "kiban.ops.cli", *words],
            env={**database.environment(), "DJANGO_SETTINGS_MODULE": "kiban.ops.settings"},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 1, done.stderr[-2000:]
        lines = done.stdout.splitlines()
        assert f"{OTHER} case {other.case_id}" in lines[0] and named in lines[0]
        assert "4 cases" in lines[-1] and "1 differences" in lines[-1]


def test_a_root_is_hashed_as_it_comes():
    """Piece by piece it is the hash of the canonical JSON of the whole."""
    heads = [("a", 1, "00"), ("b", 2, "ff")]
    for covered in ([], heads[:1], heads):
        said = {
            "v": events.VERSION, "body": BODY, "day": "2026-10-05", "prev": events.NO_PREV.hex(),
            "covered": [list(head) for head in covered],
        }  # fmt: skip
        whole = hashlib.sha256(events.canonical(said)).digest()
        assert roots.root_hash(BODY, date(2026, 10, 5), events.NO_PREV, iter(covered)) == whole


def test_events_cannot_be_changed_by_the_application(busy):
    from django.db import ProgrammingError

    with pytest.raises(ProgrammingError, match="permission denied"), scope(BODY):
        Event.objects.filter(body=BODY).update(actor="x")
    with pytest.raises(ProgrammingError, match="permission denied"), scope(BODY):
        Event.objects.filter(body=BODY).delete()


def test_content_in_the_table_is_not_readable(busy, database):
    rows = database.administrator.execute("SELECT sealed FROM cases_eventcontent").fetchall()
    assert not any("髙橋".encode() in bytes(row[0]) or b"values" in bytes(row[0]) for row in rows)
    digests = database.administrator.execute("SELECT digests FROM cases_event").fetchall()
    assert "髙橋" not in json.dumps([row[0] for row in digests], ensure_ascii=False)
