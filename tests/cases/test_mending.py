"""Mistakes of an office mended by acts: papers replaced and withdrawn, records given back, claims and clocks taken away."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from lending_office import BODY, SERVICE

from kiban.access import actors
from kiban.access.models import User
from kiban.access.scope import scope
from kiban.cases import audit, queries
from kiban.cases.models import Agenda, Charge
from kiban.cases.rebuild import rebuild
from kiban.documents.models import Document
from kiban.registries.models import Record


@pytest.fixture
def case(office):
    office.stock("B-1", "B-2")
    opened = office.submit(form={"code": "ab-1"})
    assert office.act(office.clerk, "lend", opened.case_id).status == "done"
    return opened.case_id


@pytest.fixture
def approver(office):
    user = User.objects.create_user("approver", kind="staff", display_name="試験 決裁")
    actors.grant(user, BODY, SERVICE, "approver", date(2026, 1, 1))
    return office.actor(user)


def _slips(case):
    with scope(BODY):
        return list(Document.objects.filter(body=BODY, case_id=case).order_by("seq"))


def _records():
    with scope(BODY):
        return {row.key: row.data for row in Record.objects.filter(body=BODY)}


def _sound():
    assert rebuild(BODY, check=True).differences == []
    assert audit.verify(BODY).differences == []


def test_a_document_takes_the_place_of_the_one_before(office, case):
    (first,) = _slips(case)
    for _time in range(2):
        assert office.act(office.clerk, "reissue", case).status == "done"
    old, second, third = _slips(case)
    assert [row.standing for row in (old, second, third)] == ["superseded", "superseded", "stands"]
    assert (old.id, old.replaced_by, old.ended_seq) == (first.id, second.id, 3)
    assert second.data["document"]["replaces"] == [
        {"number": old.number, "issued_on": "2026-10-05", "issued_on_text": "令和8年10月5日"}
    ]
    assert third.data["document"]["replaces"][0]["number"] == second.number
    with scope(BODY):
        said = queries.history(queries.view(case))[-1].said
    assert said["effects"][-1]["replaces"] == [{"id": str(second.id), "number": second.number}]
    _sound()


def test_a_standing_that_the_events_do_not_say_is_found(office, case):
    assert office.act(office.clerk, "reissue", case).status == "done"
    old, new = _slips(case)
    with scope(BODY), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE documents_document SET ended_at = NULL WHERE body = %s AND id = %s", [BODY, old.id]
        )
    found = audit.verify(BODY).differences
    assert len(found) == 1
    assert str(old.id) in found[0]
    with scope(BODY), connection.cursor() as cursor:
        cursor.execute("UPDATE documents_document SET ended_at = at WHERE body = %s", [BODY])
    assert str(new.id) in audit.verify(BODY).differences[0]


def test_a_record_taken_by_mistake_is_given_back_for_another(office, case):
    assert office.act(office.clerk, "swap", case).status == "done"
    records = _records()
    assert records["B-1"] == {"status": "free"}
    assert records["B-2"] == {"status": "lent", "holder": "AB-1", "due": "2026-10-09"}
    assert [row.standing for row in _slips(case)] == ["superseded", "stands"]
    _sound()


def test_an_undone_act_leaves_its_trace_and_keeps_the_number(office, case, approver):
    assert office.act(approver, "undo", case).status == "done"
    with scope(BODY):
        found = queries.view(case)
        assert (found.state.state, found.state.clocks) == ("submitted", {})
        assert not Agenda.objects.filter(body=BODY, case_id=case).exists()
        charge = Charge.objects.get(body=BODY, case_id=case)
        assert (charge.due, charge.paid, charge.waived) == (0, 0, 0)
    assert [row.standing for row in _slips(case)] == ["withdrawn"]
    assert _records()["B-1"] == {"status": "free"}
    again = office.act(office.clerk, "lend", case)
    assert again.status == "done", again.refusal
    with scope(BODY):
        state = queries.view(case).state
        assert (state.values["slip_no"], state.values["thing"], state.charges["fee"].due) == (
            "2026-0001",
            "B-1",
            300,
        )
        acts = [event.act for event in queries.history(queries.view(case))]
    assert acts == ["submit", "lend", "undo", "lend"]
    assert [row.standing for row in _slips(case)] == ["withdrawn", "stands"]
    _sound()
