"""The audit finds every change of what was written; rebuilding finds every projection that differs."""

import json
from datetime import date

import pytest
from lending_office import BODY, OTHER

from kiban.access.scope import scope
from kiban.cases import audit, rebuild, roots
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
    "charge": ("UPDATE cases_charge SET paid = 0 WHERE case_id = %s", "charges"),
    "value": ("DELETE FROM cases_casevalue WHERE case_id = %s AND field = 'code'", "search values"),
}


@pytest.mark.parametrize("what", WRONG)
def test_rebuilding_finds_and_mends_a_projection(busy, database, what, capsys):
    sql, named = WRONG[what]
    _tamper(database, sql, busy.case_id)
    (line,) = rebuild.rebuild(BODY, check=True).differences
    assert busy.case_id in line
    assert named in line
    assert rebuild.main(["--check", "--body", BODY]) == 1
    assert rebuild.main(["--body", BODY]) == 0
    assert rebuild.rebuild(BODY, check=True).differences == []


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        (
            "UPDATE registries_record SET data = data || '{\"status\": \"gone\"}' WHERE key = 'B-1'",
            "its last version",
        ),
        ("DELETE FROM registries_recordvalue WHERE key = 'B-1' AND field = 'status'", "search values"),
        (
            'UPDATE registries_recordversion SET data = data || \'{"status": "gone"}\' '
            "WHERE key = 'B-1' AND version = 2",
            "version 2: differs from its event",
        ),
    ],
)
def test_rebuilding_finds_a_registry_that_differs(busy, database, sql, named):
    _tamper(database, sql)
    assert any(named in line for line in rebuild.rebuild(BODY, check=True).differences)


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
