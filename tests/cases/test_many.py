"""Many cases at once: every case by itself, nothing twice, whatever breaks off goes on."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from lending_office import BODY, NOW, OTHER, SERVICE

from kiban.access.models import RoleGrant, User
from kiban.access.scope import scope
from kiban.bulk import runs
from kiban.bulk.models import Given, Item, Run
from kiban.cases import door, queries
from kiban.cases.many import act_many
from kiban.cases.models import Case, Event


@pytest.fixture
def cases(office):
    office.stock("B-1", "B-2")
    return [office.submit(form={"name": f"試験 {n}"}).case_id for n in range(4)]


def _many(office, cases, key="k", **input):
    return dict(
        act_many(BODY, SERVICE, "request", cases, "lend", office.clerk, input, key=key, route="test.many")
    )


def test_each_case_has_its_own_outcome(office, cases):
    gone = str(uuid4())
    found = _many(office, [*cases, gone])
    assert [found[case].status for case in cases] == ["done", "done", "refused", "refused"]
    assert [found[case].refusal.code for case in (*cases[2:], gone)] == [
        "none_free",
        "none_free",
        "not_found",
    ]
    again = _many(office, cases[:2])
    assert all(outcome.replayed for outcome in again.values())
    with scope(BODY):
        assert Event.objects.filter(body=BODY, act="lend").count() == 2


def test_a_key_stands_for_one_input(office, cases):
    _many(office, cases[:1])
    with pytest.raises(door.KeyConflict):
        _many(office, cases[:1], wish="B-2")
    with pytest.raises(door.BadKey):
        _many(office, cases[:1], key="k" * 201)


def _begin(office, cases, run=None, action="lend", user=None, **data):
    ids = [UUID(case) for case in cases]
    return runs.begin(
        office.compiled, BODY, "request", action, ids, user or office.clerk_user, data, {}, run or uuid4()
    )


def test_a_run_goes_on_until_every_case_has_its_outcome(office, cases):
    made = _begin(office, cases)
    assert runs.carry_on(BODY, made.id, most=1) == 1
    with scope(BODY):
        assert runs.counts(BODY, made.id) == {"waiting": 3, "done": 1, "refused": 0}
    assert runs.run(NOW, BODY) == 3
    assert runs.run(NOW, BODY) == 0
    with scope(BODY):
        assert runs.counts(BODY, made.id) == {"waiting": 0, "done": 2, "refused": 2}
        assert Run.objects.get(body=BODY).ended_at is not None
        assert not Given.objects.filter(body=BODY).exists()
        refused = Item.objects.get(body=BODY, case_id=cases[3])
        assert (refused.code, refused.message["ja"]) == ("none_free", "空きがありません。")


def test_what_was_done_before_a_break_is_not_done_again(office, cases):
    made = _begin(office, cases)
    runs.carry_on(BODY, made.id)
    with scope(BODY):  # the process ended between the acts and what is known of them
        Item.objects.filter(body=BODY, run=made.id).update(state="waiting", code="")
        Run.objects.filter(body=BODY, id=made.id).update(ended_at=None)
        Given.objects.create(body=BODY, run=made.id, data={}, reasons={})
    runs.carry_on(BODY, made.id)
    with scope(BODY):
        assert runs.counts(BODY, made.id) == {"waiting": 0, "done": 2, "refused": 2}
        assert Event.objects.filter(body=BODY, act="lend").count() == 2


def test_a_second_click_begins_nothing(office, cases):
    run = uuid4()
    assert _begin(office, cases, run).id == _begin(office, cases[:1], run).id == run
    with scope(BODY):
        assert Item.objects.filter(body=BODY).count() == 4
    stranger = User.objects.create_user("stranger", kind="staff", display_name="試験 他人")
    with pytest.raises(ValueError, match="another"):
        _begin(office, cases, run, user=stranger)
    for wrong in ([], [str(uuid4()) for _ in range(runs.MOST + 1)]):
        with pytest.raises(ValueError, match="1 to"):
            _begin(office, wrong)


def test_who_has_lost_the_role_meanwhile_does_nothing(office, cases):
    made = _begin(office, cases)
    RoleGrant.objects.filter(user=office.clerk_user, body=BODY).delete()
    runs.carry_on(BODY, made.id)
    with scope(BODY):
        assert runs.counts(BODY, made.id)["refused"] == 4
        assert not Case.objects.filter(body=BODY, state="lent").exists()


def test_a_run_of_one_body_is_not_there_in_another(office, cases):
    made = _begin(office, cases)
    with scope(OTHER):
        assert not Run.objects.filter(id=made.id).exists()
    assert runs.carry_on(OTHER, made.id) == 0
    with scope(BODY):
        assert queries.view(cases[0]).state.state == "submitted"
