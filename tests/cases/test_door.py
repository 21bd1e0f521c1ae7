"""The one door: what is acknowledged is there, what is refused is not, the same key gives the same answer."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from uuid import uuid4

import pytest
from django.db import connection
from lending_office import BODY, NOW, OTHER, SERVICE
from tests import set_by_body

from kiban.access.changes import SettingRefused
from kiban.access.scope import ScopeError, scope
from kiban.cases import door
from kiban.cases.models import (
    Agenda,
    Case,
    CaseValue,
    Charge,
    Event,
    EventContent,
    Idempotency,
    Notice,
    Outbox,
)
from kiban.cases.models import Sequence as NumberSequence
from kiban.documents.models import Document
from kiban.registries.models import Record, RecordValue, RecordVersion


def _run(work, count):
    """Runs `work(n)` in as many threads, each with its own connection."""

    def one(n):
        try:
            return work(n)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_an_act_writes_the_case_its_event_and_every_projection(office):
    office.stock("B-10", "B-9")
    opened = office.submit(form={"code": "ab-1"})
    assert opened.status == "done"
    assert opened.answer["notices"] == [{"to": "applicant", "kind": "received"}]
    lent = office.act(office.clerk, "lend", opened.case_id)
    assert lent.status == "done", lent.refusal
    assert [d["name"] for d in lent.answer["documents"]] == ["slip"]
    with scope(BODY):
        case = Case.objects.get(body=BODY, id=opened.case_id)
        assert (case.state, case.seq, case.title) == ("lent", 2, "髙橋 太郎（行事）")
        assert case.subject == "AB-1"
        assert case.party == office.party.partition
        assert case.due_on.isoformat() == "2026-10-09"
        assert case.document["values"]["thing"] == "B-9"
        assert case.document["values"]["slip_no"] == "2026-0001"
        assert [e.act for e in Event.objects.filter(body=BODY, case_id=case.id).order_by("seq")] == [
            "submit",
            "lend",
        ]
        assert set(
            EventContent.objects.filter(body=BODY, case_id=case.id, seq=1).values_list("group", flat=True)
        ) == {
            "matter",
            "personal",
            "lookups",
        }
        values = CaseValue.objects.filter(body=BODY, case_id=case.id).values_list("field", "value")
        assert ("code", "AB-1") in values
        assert ("thing", "B-9") in values
        assert {f for f, _ in values} == {"name", "code", "thing"}
        assert {a.clock for a in Agenda.objects.filter(body=BODY)} == {"due", "reminder"}
        assert [(c.name, c.due, c.paid) for c in Charge.objects.filter(body=BODY)] == [("fee", 300, 0)]
        record = Record.objects.get(body=BODY, key="B-9")
        assert record.data == {"status": "lent", "holder": "AB-1", "due": "2026-10-09"}
        assert record.version == 2
        assert RecordVersion.objects.filter(body=BODY, key="B-9").count() == 2
        assert set(RecordValue.objects.filter(body=BODY, key="B-9").values_list("field", "value")) == {
            ("status", "lent"),
            ("holder", "AB-1"),
            ("due", "2026-10-09"),
        }
        document = Document.objects.get(body=BODY)
        assert document.data["text"]["name"] == "髙橋 太郎"
        assert Notice.objects.get(body=BODY).text["ja"] == "髙橋 太郎様の申請を受け付けました。"
        assert [o.jobs for o in Outbox.objects.filter(body=BODY, case_id=case.id).order_by("seq")] == [
            ["shared", "notices"],
            ["shared", "documents"],
        ]
    with scope(office.party.partition):
        from kiban.cases.models import Shared

        assert str(Shared.objects.get().case_id) == opened.case_id


def test_nothing_of_a_refused_act_stays(office):
    """Number taken, record changed, then refused: all of it is undone."""
    opened = office.submit()
    refused = office.act(office.clerk, "lend", opened.case_id)
    assert (refused.status, refused.refusal.code) == ("refused", "none_free")
    with scope(BODY):
        assert NumberSequence.objects.count() == 0
        assert Event.objects.count() == 1
        assert Idempotency.objects.count() == 1
    office.stock("B-1")
    lent = office.act(office.clerk, "lend", opened.case_id)
    assert lent.decision.case.values["slip_no"] == "2026-0001"


def test_a_refused_opening_leaves_no_case(office):
    refused = office.submit(form={"name": ""})
    assert refused.refusal.code == "invalid"
    assert [(p.field, p.code) for p in refused.refusal.problems] == [("name", "required")]
    with scope(BODY):
        assert Case.objects.count() == 0


def test_the_same_key_gives_the_first_answer(office):
    first = office.submit(key="same")
    again = office.submit(key="same")
    assert again.replayed
    assert dict(again.answer) == dict(first.answer)
    with scope(BODY):
        assert Case.objects.count() == 1
    withdrawn = office.act(office.applicant, "withdraw", first.case_id, key="w")
    assert withdrawn.answer["state"] == "withdrawn"
    assert dict(office.act(office.applicant, "withdraw", first.case_id, key="w").answer) == dict(
        withdrawn.answer
    )


def test_the_same_key_with_another_request_is_a_conflict(office):
    office.submit(key="same")
    with pytest.raises(door.KeyConflict):
        office.submit(key="same", form={"purpose": "別の目的"})
    # A key belongs to its actor: another person's is another key.
    assert not office.submit(office.actor(office.other_party), key="same").replayed


@pytest.mark.parametrize("key", ["", "x" * 256, "鍵", "a\nb"])
def test_keys_are_short_and_printable(office, key):
    with pytest.raises(door.BadKey):
        door.act(
            BODY, SERVICE, "request", None, "submit", office.applicant, {}, idempotency_key=key, route="test"
        )


def test_a_double_click_opens_one_case(office):
    outcomes = _run(lambda _n: office.submit(key="double"), 6)
    assert {o.status for o in outcomes} == {"done"}
    assert len({o.case_id for o in outcomes}) == 1
    assert sum(not o.replayed for o in outcomes) == 1
    with scope(BODY):
        assert Case.objects.count() == 1


def test_the_same_key_at_once_on_an_act_that_could_be_repeated(office):
    """The second waits for the case, finds it as the act allows it, and is answered with the first answer."""
    office.stock("B-1")
    case = office.submit().case_id
    office.act(office.clerk, "lend", case)
    outcomes = _run(lambda _n: office.act(office.clerk, "pay", case, {"amount": 100}, key="once"), 6)
    assert {o.status for o in outcomes} == {"done"}
    assert sum(not o.replayed for o in outcomes) == 1
    with scope(BODY):
        assert Charge.objects.get(body=BODY, case_id=case).paid == 100
        assert Event.objects.filter(body=BODY, case_id=case, act="pay").count() == 1


def test_two_people_at_once_and_the_second_sees_the_new_state(office):
    office.stock(*(f"B-{n}" for n in range(9)))
    opened = office.submit()
    outcomes = _run(lambda _n: office.act(office.clerk, "lend", opened.case_id), 5)
    assert sorted(o.status for o in outcomes) == ["done", *["refused"] * 4]
    assert {o.refusal.code for o in outcomes if o.refusal} == {"wrong_state"}
    with scope(BODY):
        assert Record.objects.filter(data__status="lent").count() == 1


def test_an_act_on_a_case_that_has_moved_on_is_stale(office):
    opened = office.submit()
    office.stock("B-1")
    assert office.act(office.clerk, "lend", opened.case_id, if_seq=1).status == "done"
    stale = office.act(office.clerk, "pay", opened.case_id, {"amount": 300}, if_seq=1)
    assert stale.refusal.code == "stale"


def test_a_record_is_never_lent_twice(office):
    """20 threads, 15 items, 20 cases: 15 are lent, each item once, numbers without gaps."""
    office.stock(*(f"B-{n}" for n in range(1, 16)))
    cases = [office.submit(form={"code": f"C{n}"}).case_id for n in range(20)]
    outcomes = _run(lambda n: office.act(office.clerk, "lend", cases[n]), 20)
    done = [o for o in outcomes if o.status == "done"]
    assert len(done) == 15
    assert {o.refusal.code for o in outcomes if o.refusal} == {"none_free"}
    assert len({o.decision.case.values["thing"] for o in done}) == 15
    assert {o.decision.case.values["slip_no"] for o in done} == {f"2026-{n:04}" for n in range(1, 16)}


def test_a_named_record_is_taken_or_nothing(office):
    office.stock("B-1", "B-2")
    first, second = office.submit().case_id, office.submit(form={"code": "x"}).case_id
    assert office.act(office.clerk, "lend", first, {"wish": "B-2"}).decision.case.values["thing"] == "B-2"
    assert office.act(office.clerk, "lend", second, {"wish": "B-2"}).refusal.code == "none_free"


def test_a_lookup_sees_the_registry(office):
    office.stock("B-1")
    first = office.submit(form={"code": "AB-1"})
    office.act(office.clerk, "lend", first.case_id)
    again = office.submit(form={"code": "ab-1"})
    assert [p.code for p in again.refusal.problems] == ["E-ONE"]


def test_what_one_may_not_see_is_not_there(office):
    opened = office.submit()
    stranger = office.actor(office.other_party)
    nobody = office.actor(office.clerk_user, "130001")
    for actor, case, body in (
        (stranger, opened.case_id, BODY),
        (nobody, opened.case_id, BODY),
        (office.actor(office.clerk_user, OTHER), opened.case_id, OTHER),
        (office.clerk, uuid4(), BODY),
        (office.clerk, "not-an-id", BODY),
        (office.clerk, opened.case_id, "999999"),
    ):
        with pytest.raises(door.NotVisible):
            office.act(actor, "withdraw", case, body=body)
    for service, procedure in (("no-such", "request"), (SERVICE, "none"), (SERVICE, None)):
        with pytest.raises(door.NotVisible):
            door.act(
                BODY, service, procedure, None, "submit", office.clerk, {}, idempotency_key="1", route="t"
            )


def test_visible_but_not_allowed(office):
    opened = office.submit()
    assert office.act(office.applicant, "lend", opened.case_id).refusal.code == "not_allowed"


@pytest.mark.parametrize(
    "input",
    [
        {"name": "\x00"},
        {"name": "\ud800"},
        {"\ud800": 1},
        {"name\x00": []},
        {"name": {"value": {"a": [1]}}},
        {"name": "x" * 100_000},
        {"from_day": "2026-02-30", "name": "<script>", "purpose": "😀"},
        {"paper": {"sha256": "../../etc/passwd", "name": "x"}},
    ],
)
def test_wrong_input_is_refused_in_words(office, input):
    outcome = office.act(office.applicant, "submit", input=input)
    assert outcome.refusal.code == "invalid"
    for problem in outcome.refusal.problems:
        assert problem.message.ja
        problem.field.encode()


def test_a_reason_with_wrong_characters_is_refused(office):
    opened = office.submit()
    outcome = office.act(office.clerk, "withdraw", opened.case_id, reasons={"W": "\x00"})
    assert outcome.refusal.code == "invalid"


def test_the_door_is_the_outermost_transaction(office):
    with scope(BODY), pytest.raises(ScopeError):
        office.submit()


def test_a_body_that_does_not_take_part(office):
    set_by_body.participation(office.compiled, BODY, "none", date(2026, 4, 1))
    assert office.submit().refusal.code == "not_participating"


def test_a_body_sets_its_own_value_from_a_day_on(office):
    office.stock("B-1", "B-2")
    for name, value in (("fee", 5000), ("fee", "x"), ("days", 9)):
        with pytest.raises(SettingRefused):
            set_by_body.parameter(office.compiled, BODY, name, value, date(2026, 10, 5))
    set_by_body.parameter(office.compiled, BODY, "fee", "５００円", date(2026, 10, 6))
    for day, fee in ((5, 300), (6, 500)):
        opened = office.submit(now=NOW.replace(day=day))
        office.act(office.clerk, "lend", opened.case_id, now=NOW.replace(day=20))
        with scope(BODY):
            # The value of the day on which the case was opened.
            assert Charge.objects.get(body=BODY, case_id=opened.case_id).due == fee
