"""Deciding an act: who may, what is refused and why, what goes through and what it causes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kiban.kernel.decide import decide, fire
from kiban.kernel.facts import CaseState, Decision, NoticeSent, RecordChange, Refusal
from kiban.kernel.forms import evaluate
from kiban.kernel.state import (
    changes_between,
    due_on,
    fold,
    search_entries,
    state_from_json,
    state_to_json,
    title_of,
)

GOOD = {"who": "試験 花子（架空）", "seat": "window", "hours": "２"}


def _decided(outcome: Decision | Refusal) -> Decision:
    assert isinstance(outcome, Decision), outcome
    return outcome


def _refused(outcome: Decision | Refusal) -> Refusal:
    assert isinstance(outcome, Refusal), outcome
    return outcome


@pytest.fixture
def visit(library):
    return library.procedures["visit"]


@pytest.fixture
def asked(visit, facts_of, world) -> CaseState:
    return _decided(decide(visit, None, "ask", GOOD, facts_of(), world, case_id="1", number="N1")).case


def test_opening_act_makes_a_case(asked, visit):
    assert asked.state == "asked"
    assert asked.values["hours"] == 2
    assert asked.texts["hours"] == "２"
    assert asked.values["cost"] == 240
    assert asked.values["day"].isoformat() == "2026-11-20"
    assert asked.marks["day"] == "prefilled"
    assert asked.actors == {"ask": "r1"}
    assert title_of(visit, asked) == "試験 花子（架空）"
    assert ("who", "花子") in search_entries(visit, asked)


def test_role_is_judged_before_state(visit, asked, facts_of, world):
    assert _refused(decide(visit, asked, "seat_now", {}, facts_of("reader"), world)).code == "not_allowed"
    assert _refused(decide(visit, asked, "leave", {}, facts_of("clerk", "c"), world)).code == "wrong_state"
    assert _refused(decide(visit, asked, "ask", GOOD, facts_of(), world)).code == "wrong_state"
    assert _refused(decide(visit, asked, "nothing", {}, facts_of(), world)).code == "not_found"


def test_body_that_takes_no_part(visit, facts_of, world):
    outcome = decide(visit, None, "ask", GOOD, facts_of(participation="none"), world)
    assert _refused(outcome).code == "not_participating"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {("who", "required"), ("seat", "required"), ("hours", "required")}),
        ({**GOOD, "who": "  "}, {("who", "required")}),
        ({**GOOD, "seat": "roof"}, {("seat", "not_in_list")}),
        ({**GOOD, "hours": "25"}, {("hours", "out_of_range")}),
        ({**GOOD, "hours": "二"}, {("hours", "invalid")}),
        ({**GOOD, "hours": 6}, {("why", "required"), ("hours", "W-LONG")}),
        ({**GOOD, "seat": "aisle"}, {("seat", "E-FULL")}),
        ({**GOOD, "hidden": 1}, {("hidden", "unknown_field")}),
        ({**GOOD, "day": "2026-02-30"}, {("day", "invalid")}),
        ({**GOOD, "who": "a\x00b"}, {("who", "invalid")}),
        ({**GOOD, "who": "a\ud800b"}, {("who", "invalid")}),
        ({**GOOD, "who": "あ" * 201}, {("who", "too_long")}),
        ({**GOOD, "who": ["x"]}, {("who", "invalid")}),
        ({**GOOD, "who": {"value": None, "mark": "unknown"}}, {("who", "required")}),
    ],
)
def test_wrong_input_is_refused_with_its_place(visit, facts_of, world, given, expected):
    refusal = _refused(decide(visit, None, "ask", given, facts_of(), world))
    assert refusal.code == "invalid"
    assert {(p.field, p.code) for p in refusal.problems} == expected
    assert all(p.message.ja and p.message.text("en") for p in refusal.problems)


def test_field_that_does_not_apply_keeps_no_value(visit, facts_of, world):
    case = _decided(decide(visit, None, "ask", {**GOOD, "why": "x"}, facts_of(), world)).case
    assert "why" not in case.values


def test_warning_needs_a_reason(visit, facts_of, world):
    given = {**GOOD, "hours": 6, "why": "調査のため"}
    assert {p.code for p in _refused(decide(visit, None, "ask", given, facts_of(), world)).problems} == {
        "W-LONG"
    }
    decided = _decided(decide(visit, None, "ask", given, facts_of(), world, reasons={"W-LONG": "特別展"}))
    assert decided.reasons == {"W-LONG": "特別展"}
    keyed = decide(visit, None, "ask", given, facts_of(), world, reasons={"W-LONG@hours": "特別展"})
    assert isinstance(keyed, Decision)


def test_guard_comes_before_rules(visit, facts_of, world):
    case = _decided(decide(visit, None, "ask", GOOD, facts_of("clerk", "c1"), world, case_id="1")).case
    refusal = _refused(decide(visit, case, "seat_now", {"free": "?"}, facts_of("clerk", "c1"), world))
    assert refusal.code == "not_same_person"
    assert refusal.problems == ()


def test_effects_of_an_act(visit, asked, facts_of, world):
    decision = _decided(decide(visit, asked, "seat_now", {}, facts_of("clerk", "c2"), world))
    assert decision.case.state == "seated"
    assert decision.case.values["place"] == "W1"
    assert decision.case.values["ticket"] == "2026-001"
    assert decision.case.charges["fee"].balance == 240
    assert decision.case.clocks["closing"].fire_at.isoformat() == "2026-11-21T00:00:00+09:00"
    assert RecordChange("seats", "W1", {"state": "taken"}) in decision.effects
    notice = next(e for e in decision.effects if isinstance(e, NoticeSent))
    assert notice.text.ja == "試験 花子（架空）さんの席はW1です（120円）。"
    assert due_on(visit, decision.case).isoformat() == "2026-11-20"


def test_preferred_record_or_none(visit, asked, facts_of, world):
    prefer = _decided(decide(visit, asked, "seat_now", {"prefer": "W2"}, facts_of("clerk", "c"), world))
    assert prefer.case.values["place"] == "W2"
    refusal = _refused(decide(visit, asked, "seat_now", {"prefer": "X"}, facts_of("clerk", "c"), world))
    assert refusal.code == "no_seat"


def test_referred_rule_needs_the_judgement(visit, facts_of, world):
    case = _decided(
        decide(
            visit, None, "ask", {**GOOD, "hours": 9, "why": "x"}, facts_of(), world, reasons={"W-LONG": "x"}
        )
    ).case
    refusal = _refused(decide(visit, case, "seat_now", {}, facts_of("clerk", "c"), world))
    assert {(p.field, p.code) for p in refusal.problems} == {("cost", "R-FREE")}
    decision = _decided(decide(visit, case, "seat_now", {"free": True}, facts_of("clerk", "c"), world))
    assert decision.case.charges["fee"].due == 0
    assert decision.input == {"free": True}


def test_clock_fires_once_as_system(visit, asked, facts_of, world):
    case = _decided(decide(visit, asked, "seat_now", {}, facts_of("clerk", "c"), world)).case
    assert fire(visit, case, "closing", facts_of(at="2026-11-20T23:59"), world) is None
    fired = fire(visit, case, "closing", facts_of(at="2026-11-21T00:00"), world)
    assert fired is not None
    assert (fired.action, fired.case.state, fired.case.actors["leave"]) == ("leave", "done", "system")
    assert fire(visit, fired.case, "closing", facts_of(at="2026-11-22T00:00"), world) is None


def test_events_fold_to_the_same_state(visit, asked, facts_of, world):
    first = state_to_json(visit, asked)
    decision = _decided(decide(visit, asked, "seat_now", {}, facts_of("clerk", "c"), world))
    after = state_to_json(visit, decision.case)
    assert fold(first, decision.changes) == after
    assert fold(None, changes_between(None, first)) == first
    assert state_from_json(visit, after, id="1", number="N1", seq=2) == replace(decision.case, seq=2)
    gone = state_to_json(visit, replace(decision.case, charges={}, values={}))
    assert fold(after, changes_between(after, gone)) == gone


def test_evaluation_of_a_form_in_progress(visit, facts_of, world):
    seen: Any = evaluate(visit, "ask", {"hours": "5"}, facts_of(), world)
    assert "why" in seen.shown
    assert {"who", "seat", "hours", "why"} <= seen.required
    assert seen.values["cost"] == 600
    with pytest.raises(KeyError):
        evaluate(visit, "nothing", {}, facts_of(), world)
