"""Reading cases: the desk's list, search, history, a party's own list."""

from datetime import date

import pytest
from lending_office import BODY, NOW, OTHER

from kiban.access.scope import scope
from kiban.cases import drafts, queries
from kiban.cases.models import AccessLog, EventContent
from kiban.cases.paging import BadCursor
from kiban.delivery import box


def _lend(office, **form):
    opened = office.submit(form=form)
    assert office.act(office.clerk, "lend", opened.case_id).status == "done"
    return opened


def test_the_inbox_has_open_cases_with_the_earliest_due_first(office):
    office.stock("B-1", "B-2")
    undue = office.submit(form={"code": "U"})
    late = _lend(office, code="L", from_day="2026-10-20")
    soon = _lend(office, code="S", from_day="2026-10-06")
    gone = office.submit(form={"code": "G"})
    office.act(office.clerk, "withdraw", gone.case_id)
    office.submit(form={"code": "X"}, body=OTHER)
    with scope(BODY):
        page = queries.inbox(office.compiled, procedure="request")
        assert [str(row.id) for row in page.rows] == [soon.case_id, late.case_id, undue.case_id]
        closed = queries.inbox(office.compiled, procedure="request", final=True)
        assert [str(row.id) for row in closed.rows] == [gone.case_id]
        due = queries.inbox(office.compiled, due_by=date(2026, 10, 9))
        assert [str(row.id) for row in due.rows] == [soon.case_id]
        lent = queries.inbox(office.compiled, state="lent", actor=office.clerk.id)
        assert len(lent.rows) == 2
        assert queries.counts(office.compiled) == {("request", "lent"): 2, ("request", "submitted"): 1}


def test_pages_of_the_inbox_have_every_case_once(office):
    office.stock(*(f"B-{n}" for n in range(4)))
    for n in range(4):
        _lend(office, code=f"L{n}", from_day=f"2026-10-{10 + n // 2}")
    for n in range(3):
        office.submit(form={"code": f"U{n}"})
    office.act(office.clerk, "withdraw", office.submit(form={"code": "G"}).case_id)
    with scope(BODY):
        whole = [row.id for row in queries.inbox(office.compiled, final=None, limit=200).rows]
        paged, cursor = [], None
        while True:
            page = queries.inbox(office.compiled, final=None, limit=2, cursor=cursor)
            paged += [row.id for row in page.rows]
            cursor = page.next
            if cursor is None:
                break
        assert paged == whole
        assert len(whole) == 9
        for wrong in ("", "x", "W10", "Ww", "é", "eyJhIjoxfQ"):
            with pytest.raises(BadCursor):
                queries.inbox(office.compiled, cursor=wrong)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("髙橋", 1),
        ("高橋", 1),
        ("橋太", 1),
        ("ａｂ－１", 1),
        ("AB-1", 1),
        ("AB", 0),
        ("佐藤", 0),
        ("橋髙", 0),
    ],
)
def test_search_over_the_declared_fields(office, text, found):
    office.submit(form={"code": "ab-1"})
    office.submit(form={"name": "試験 次郎", "code": "zz"})
    with scope(BODY):
        assert len(queries.inbox(office.compiled, text=text, roles=office.clerk.roles).rows) == found
        assert queries.inbox(office.compiled, text=text, roles={"system"}).rows == []


def test_search_by_the_number_as_people_type_it(office):
    opened = office.submit()
    number = opened.answer["number"]
    with scope(BODY):
        for typed in (number, number.replace("-", "").lower(), f" {number} "):
            assert [str(r.id) for r in queries.inbox(office.compiled, text=typed).rows] == [opened.case_id]


def test_a_case_and_its_history(office):
    office.stock("B-1")
    opened = _lend(office, code="AB-1")
    with scope(BODY, viewer=office.clerk.id):
        found = queries.view(opened.case_id)
        assert found.state.values["from_day"] == date(2026, 10, 6)
        assert [a.action.name for a in queries.possible(found.procedure, found.state, office.clerk)] == [
            "pay",
            "reissue",
            "swap",
            "take_back",
        ]
        first, second = queries.history(found)
        assert (first.act, first.actor, first.place) == (
            "submit",
            office.applicant.id,
            office.party.partition,
        )
        assert first.said["changes"]["values"]["name"] == "髙橋 太郎"
        assert (second.act, second.department, second.at) == ("lend", "総務課", NOW)
        assert {"kind": "charge", "name": "fee", "do": "raise", "amount": 300, "method": ""} in second.said[
            "effects"
        ]
        assert first.disposed == ()
        assert queries.view(opened.case_id, service="another") is None
        assert queries.view("x") is None
        assert queries.visible(found, office.applicant)
        assert not queries.visible(found, office.actor(office.other_party))
        assert queries.visible(found, office.clerk)
        queries.log_access("case", opened.case_id)
        assert AccessLog.objects.get(body=BODY).viewer == office.clerk.id
    with scope(OTHER):
        assert queries.view(opened.case_id) is None


def test_history_after_the_personal_group_was_disposed_of(office):
    opened = office.submit()
    with scope(BODY):
        EventContent.objects.filter(body=BODY, case_id=opened.case_id, group="personal").delete()
    with scope(BODY):
        (event,) = queries.history(queries.view(opened.case_id))
        assert event.disposed == ("personal",)
        assert event.said["changes"]["values"]["purpose"] == "行事"
        assert "name" not in event.said["changes"]["values"]


def test_a_party_has_its_own_cases_from_every_body(office):
    first = office.submit()
    second = office.submit(body=OTHER)
    office.submit(office.actor(office.other_party))
    own = box.cases(office.party.partition).rows
    assert [(o.target, str(o.case_id)) for o in own] == [(BODY, first.case_id), (OTHER, second.case_id)]


def test_a_draft_is_saved_by_version_and_goes_with_its_act(office):
    partition = office.party.partition
    with scope(partition):
        draft = drafts.create(
            office.applicant.id,
            BODY,
            "test-lending",
            "request",
            "submit",
            office.edition,
            data={"name": "途"},
        )
    with scope(partition):
        saved = drafts.save(draft, {"name": "途中"})
        assert saved.version == 2
        with pytest.raises(drafts.DraftMoved) as moved:
            drafts.save(draft, {"name": "古い"})
        assert moved.value.draft.data == {"name": "途中"}
        assert drafts.get(draft.id, "somebody else") is None
        assert [d.id for d in drafts.of(office.applicant.id)] == [draft.id]
    office.submit(draft=draft.id, key=f"draft-{draft.id}")
    with scope(partition):
        assert drafts.of(office.applicant.id) == []
