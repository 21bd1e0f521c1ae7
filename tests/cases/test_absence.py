"""Absence and deputies: whose roles, in whose place, from when to when; and four eyes look at who really acts."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from lending_office import BODY, NOW, OTHER, SERVICE

from kiban.access import absence, actors, changes
from kiban.access.changes import SettingRefused
from kiban.access.models import Absence, User
from kiban.access.scope import scope
from kiban.cases import queries
from kiban.cases.acted import acted
from kiban.cases.models import Inbox
from kiban.delivery import outbox
from kiban.kernel import office as acts
from kiban.kernel.dates import JST
from kiban.ops import clock


@pytest.fixture
def approver(office):
    user = User.objects.create_user("sato", kind="staff", display_name="試験 佐藤")
    actors.grant(user, BODY, SERVICE, "approver", date(2026, 1, 1), "審査課")
    return user


@pytest.fixture
def lent(office):
    office.stock("B-1", "B-2")
    case = office.submit(form={"code": "ab-1"}).case_id
    assert office.act(office.clerk, "lend", case).status == "done"
    return case


def _away(absent, deputy, first="2026-10-05", last="2026-10-09", by=None, why="休暇"):
    return absence.set_absence(BODY, SERVICE, str(absent.id), str(deputy.id), first, last, by or absent, why)


def _problems(*args, **more):
    with pytest.raises(SettingRefused) as refused:
        _away(*args, **more)
    return [(problem.field, problem.code) for problem in refused.value.problems]


def test_a_deputy_acts_in_the_place_of_who_is_away(office, approver, lent):
    assert office.act(office.clerk, "undo", lent).refusal.code == "not_allowed"
    _away(approver, office.clerk_user)
    actor = office.clerk
    assert actor.roles == {"clerk", "approver"}
    assert actor.deputy == {"approver": str(approver.id)}
    assert office.act(actor, "undo", lent).status == "done"
    assert office.act(actor, "lend", lent).status == "done"
    with scope(BODY):
        found = queries.view(lent)
        events = queries.history(found)
    assert [event.said.get("deputy_for") for event in events] == [None, None, str(approver.id), None]
    who = acted(found, events, by_name=True)[2]
    assert (who.name, who.deputy_for) == ("試験 職員", "試験 佐藤")
    assert who.role("ja") == "決裁者"
    outside = acted(found, events, by_name=False)[2]
    assert (outside.name, outside.deputy_for) == ("", "")
    assert found.state.actors["undo"] == actor.id


def test_an_absence_holds_from_its_first_to_its_last_day_in_its_body(office, approver):
    _away(approver, office.clerk_user, "2026-10-06", "2026-10-07")
    roles = {}
    for day in (5, 6, 7, 8):
        on = date(2026, 10, day)
        clock.set_clock(datetime(2026, 10, day, 9, tzinfo=JST))
        roles[day] = actors.actor_for(office.clerk_user, BODY, office.compiled.service, on=on).roles
    assert roles == {5: {"clerk"}, 6: {"clerk", "approver"}, 7: {"clerk", "approver"}, 8: {"clerk"}}
    clock.set_clock(NOW)
    assert office.actor(office.clerk_user, OTHER).roles == {"clerk"}


def test_a_role_of_ones_own_is_nobodys_place(office, approver, lent):
    actors.grant(office.clerk_user, BODY, SERVICE, "approver", date(2026, 1, 1))
    _away(approver, office.clerk_user)
    assert office.clerk.deputy == {}
    assert office.act(office.clerk, "undo", lent).status == "done"
    with scope(BODY):
        assert "deputy_for" not in queries.history(queries.view(lent))[-1].said


def test_what_comes_to_who_is_away_comes_to_the_deputy_too(office, approver, lent):
    _away(approver, office.clerk_user)
    other = User.objects.create_user("tanaka", kind="staff", display_name="試験 田中")
    actors.grant(other, BODY, SERVICE, "clerk", date(2026, 1, 1), "総務課")
    handed = office.act(office.actor(other), acts.HAND_OVER, lent, {"person": str(approver.id)})
    assert handed.status == "done", handed.refusal
    outbox.run(NOW, body=BODY)
    with scope(BODY):
        told = {row.owner for row in Inbox.objects.filter(body=BODY, name=acts.HAND_OVER)}
    assert told == {str(approver.id), str(office.clerk_user.id)}
    assert actors.holders(BODY, SERVICE, "approver", on=date(2026, 10, 5)) == sorted(
        [approver.id, office.clerk_user.id]
    )


def test_what_is_wrong_with_an_absence_is_said(office, approver):
    clerk = office.clerk_user
    stranger = User.objects.create_user("x", kind="staff", display_name="試験 他人")
    assert _problems(approver, approver) == [("deputy", "invalid")]
    assert _problems(approver, stranger) == [("deputy", "required")]
    assert _problems(stranger, clerk) == [("person", "not_in_list")]
    assert _problems(approver, clerk, "2026-10-04") == [("from", "out_of_range")]
    assert _problems(approver, clerk, "2026-10-06", "2026-10-05") == [("to", "out_of_range")]
    assert _problems(approver, clerk, "2026-10-06", "2028-10-05") == [("to", "out_of_range")]
    assert _problems(approver, clerk, "x", "", why="") == [
        ("from", "invalid"), ("to", "required"), ("why", "required"),
    ]  # fmt: skip
    assert _problems(approver, clerk, why="") == [("why", "required")]
    _away(approver, clerk)
    assert _problems(approver, clerk, "2026-10-09", "2026-10-12") == [("from", "invalid")]
    assert _problems(clerk, approver) == [("deputy", "invalid")]
    other = User.objects.create_user("y", kind="staff", display_name="試験 別人")
    actors.grant(other, BODY, SERVICE, "clerk", date(2026, 1, 1))
    assert _problems(clerk, other) == [("person", "invalid")]  # nobody would stand in for the deputy


def test_an_absence_ends_and_all_of_it_is_kept(office, approver):
    made = _away(approver, office.clerk_user)
    with pytest.raises(SettingRefused):
        absence.end_absence(BODY, SERVICE, made.id, "2026-10-10", approver, "延長")
    absence.end_absence(BODY, SERVICE, made.id, "2026-10-04", approver, "早く戻った")
    assert office.clerk.deputy == {}
    with pytest.raises(LookupError):
        absence.end_absence(BODY, SERVICE, made.id, "2026-10-04", approver, "もう一度")
    with pytest.raises(LookupError):
        absence.end_absence(OTHER, SERVICE, "x", "2026-10-05", approver, "?")
    ended, begun = changes.history(BODY, SERVICE)
    assert (begun.kind, begun.why, begun.after["deputy_name"]) == ("absence", "休暇", "試験 職員")
    assert (ended.kind, ended.why, ended.after["to"]) == ("absence_ended", "早く戻った", "2026-10-04")
    assert absence.absences(BODY) == []
    assert Absence.objects.count() == 1
