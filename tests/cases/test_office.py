"""Acts of the office: in the chain like all others, and seen by nobody outside of the body."""

from __future__ import annotations

from datetime import date

import pytest
from lending_office import BODY, NOW, OTHER, SERVICE

from kiban.access import actors
from kiban.access.models import User
from kiban.access.scope import scope
from kiban.cases import audit, door, queries
from kiban.cases.models import Case, EventContent, Inbox, Outbox, Shared
from kiban.cases.rebuild import rebuild
from kiban.delivery import outbox
from kiban.kernel import office as acts


@pytest.fixture
def colleague(office):
    user = User.objects.create_user("suzuki", kind="staff", display_name="試験 鈴木")
    actors.grant(user, BODY, SERVICE, "approver", date(2026, 1, 1), "審査課")
    return user


@pytest.fixture
def case(office):
    return office.submit().case_id


def _view(case):
    with scope(BODY):
        found = queries.view(case)
        return found, queries.history(found), queries.history(found, office=True)


def _note(office, case, text="電話で確認済み", **more):
    return office.act(office.clerk, acts.NOTE, case, {"text": text, **more})


def test_a_note_stands_in_the_chain_and_nowhere_outside(office, case):
    before = _view(case)[0].row
    noted = _note(office, case)
    assert noted.status == "done", noted.refusal
    found, told, every = _view(case)
    assert [event.act for event in told] == ["submit"]
    assert [event.act for event in every] == ["submit", acts.NOTE]
    assert every[-1].said["input"] == {"text": "電話で確認済み"}
    assert found.row.updated_at == before.updated_at
    with scope(BODY):
        groups = EventContent.objects.filter(body=BODY, case_id=case, seq=2).values_list("group", flat=True)
        assert set(groups) == {"matter", "office"}
        assert not Outbox.objects.filter(body=BODY, case_id=case, seq=2).exists()
    with scope(office.party.partition):
        assert Shared.objects.get(body=office.party.partition).seq == 1
    assert audit.verify(BODY).differences == []
    assert rebuild(BODY, check=True).differences == []


def test_an_act_of_the_office_makes_no_form_of_others_old(office, case):
    for text in ("一", "二", "三"):
        _note(office, case, text)
    found = _view(case)[0]
    assert found.state.seq == 4
    assert acts.visible_seq(found.state) == 1
    withdrawn = office.act(office.applicant, "withdraw", case, if_seq=1)
    assert withdrawn.status == "done", withdrawn.refusal
    assert office.act(office.clerk, "lend", case, if_seq=4).refusal.code == "stale"
    assert _note(office, case, "四").status == "done"  # a finished case has an office too
    assert acts.visible_seq(_view(case)[0].state) == 5


def test_notes_are_pinned_and_struck_out_by_their_author(office, case, colleague):
    _note(office, case, "一", pinned=True)
    _note(office, case, "二")
    other = office.actor(colleague)
    assert office.act(other, acts.PIN, case, {"note": 3, "pinned": True}).status == "done"
    assert office.act(other, acts.STRIKE, case, {"note": 2}).refusal.code == "not_allowed"
    assert office.act(office.clerk, acts.STRIKE, case, {"note": 2}).status == "done"
    assert _view(case)[0].state.office == {
        "notes": {"2": office.clerk.id, "3": office.clerk.id}, "pinned": [3], "struck": [2], "quiet": [1, 5],
    }  # fmt: skip
    wrong = office.act(office.clerk, acts.PIN, case, {"note": 1, "pinned": True})
    assert [(p.field, p.code) for p in wrong.refusal.problems] == [("note", "not_found")]
    assert rebuild(BODY, check=True).differences == []


def test_a_case_is_taken_handed_over_and_found_by_who_handles_it(office, case, colleague):
    other = office.submit(form={"name": "別 花子"}).case_id
    assert office.act(office.clerk, acts.ASSIGN, case).status == "done"
    assert _listed(office, assigned=[office.clerk.id]) == [case]
    assert _listed(office, assigned=[]) == [other]
    handed = office.act(
        office.clerk,
        acts.HAND_OVER,
        case,
        {"person": str(colleague.id), "department": "審査課", "comment": "至急"},
    )
    assert handed.status == "done", handed.refusal
    assert _listed(office, assigned=[office.clerk.id]) == []
    assert _listed(office, assigned=[str(colleague.id)]) == [case]
    assert _listed(office, department="審査課") == [case]
    outbox.run(NOW, body=BODY)
    with scope(BODY):
        sent = Inbox.objects.get(body=BODY)
        assert (sent.owner, sent.name) == (str(colleague.id), acts.HAND_OVER)
        assert "至急" not in str(sent.text)
        assert queries.notices(case)[-1].name == "received"
    assert office.act(office.actor(colleague), acts.UNASSIGN, case).status == "done"
    assert set(_listed(office, assigned=[])) == {case, other}
    assert rebuild(BODY, check=True).differences == []


def test_everybody_of_a_department_is_told(office, case, colleague):
    assert office.act(office.clerk, acts.HAND_OVER, case, {"department": "審査課"}).status == "done"
    outbox.run(NOW, body=BODY)
    with scope(BODY):
        assert [row.owner for row in Inbox.objects.filter(body=BODY)] == [str(colleague.id)]


def _listed(office, **wish):
    with scope(BODY):
        return [str(row.id) for row in queries.inbox(office.compiled, **wish).rows]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({}, ("department", "required")),
        ({"person": "somebody"}, ("person", "not_in_list")),
        ({"department": "無い課"}, ("department", "not_in_list")),
        ({"department": "総務課", "comment": "あ" * 2001}, ("comment", "too_long")),
        ({"department": "総務課", "other": "1"}, ("other", "unknown_field")),
    ],
)
def test_a_wrong_hand_over_says_where_and_what(office, case, given, problem):
    refused = office.act(office.clerk, acts.HAND_OVER, case, given).refusal
    assert (refused.problems[0].field, refused.problems[0].code) == problem


def test_nobody_from_outside_has_these_acts(office, case):
    assert _refused(office, office.applicant, case) == "not_found"
    with pytest.raises(door.NotVisible):
        _refused(office, office.actor(office.other_party), case)
    with pytest.raises(door.NotVisible):
        office.act(office.actor(office.clerk_user, OTHER), acts.NOTE, case, {"text": "x"}, body=OTHER)
    assert office.act(office.clerk, "office.else", case).refusal.code == "not_found"
    with scope(BODY):
        assert Case.objects.get(body=BODY, id=case).seq == 1


def _refused(office, actor, case):
    return office.act(actor, acts.NOTE, case, {"text": "x"}).refusal.code


def test_the_same_note_sent_twice_is_written_once(office, case):
    first = office.act(office.clerk, acts.NOTE, case, {"text": "一"}, key="same")
    again = office.act(office.clerk, acts.NOTE, case, {"text": "一"}, key="same")
    assert again.replayed
    assert again.answer == first.answer
    assert _view(case)[0].state.seq == 2
