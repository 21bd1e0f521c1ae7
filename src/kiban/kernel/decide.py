"""Deciding an act: facts in, a decision (the case after it, its effects) or a refusal out. Nothing is written here.

Order: may the actor, is the state right, do the guards hold, is the input right (rules); then numbers and
allocations are asked of the `World`, values set, the next state found, clocks started, effects spoken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, get_args

from kiban.kernel import effects as effect_words
from kiban.kernel.dates import JST
from kiban.kernel.definitions.compile import CompiledAction, CompiledClock, CompiledProcedure
from kiban.kernel.definitions.model import Label
from kiban.kernel.expr import is_pending
from kiban.kernel.facts import (
    SYSTEM,
    CaseState,
    ClockState,
    DecidedEffect,
    Decision,
    Facts,
    Refusal,
    World,
)
from kiban.kernel.forms import Draft, run
from kiban.kernel.periods import Roll, deadline
from kiban.kernel.problems import INVALID, NOT_ALLOWED, NOT_FOUND, NOT_PARTICIPATING, WRONG_STATE, Problem
from kiban.kernel.state import changes_between, state_to_json

_ROLLS: dict[str, Roll] = {roll: roll for roll in get_args(Roll)}
_WORDS = {
    NOT_FOUND: Label(ja="この操作はありません。", en="There is no such action."),
    NOT_ALLOWED: Label(ja="この操作をする権限がありません。", en="You may not do this."),
    WRONG_STATE: Label(
        ja="いまの状態では、この操作はできません。画面を読み込み直して状態をご確認ください。",
        en="This cannot be done in the present state. Please reload and look again.",
    ),
    NOT_PARTICIPATING: Label(
        ja="この団体では、この手続を受け付けていません。", en="This body does not take this procedure."
    ),
    INVALID: Label(ja="入力に直していただきたい所があります。", en="Please correct your input."),
}


def decide(
    procedure: CompiledProcedure,
    case: CaseState | None,
    action: str,
    input: Mapping[str, object],
    facts: Facts,
    world: World,
    *,
    reasons: Mapping[str, str] | None = None,
    case_id: str = "",
    number: str = "",
) -> Decision | Refusal:
    """Decides one act. `case` is None for an act that opens one (then with the new `case_id` and `number`)."""
    compiled = procedure.actions.get(action)
    if compiled is None:
        return _refuse(NOT_FOUND)
    early = may(compiled, case, facts)
    if early is not None:
        return early
    draft = Draft(procedure, compiled, case, input, facts, world)
    problems = judge(draft, reasons or {})
    if isinstance(problems, Refusal):
        return problems
    start = case or CaseState(case_id, procedure.name, "", {}, facts.today, number)
    conclusion = _conclude(draft, start)
    if isinstance(conclusion, Refusal):
        return conclusion
    after, effects = conclusion
    return Decision(
        action=action,
        case=after,
        before=start.state,
        input=_input_json(procedure, compiled, draft),
        changes=_changes(procedure, case, after),
        reasons=dict(reasons or {}),
        lookups=draft.lookups,
        problems=problems,
        effects=effects,
        deputy_for=_deputy_for(compiled, facts),
    )


def judge(draft: Draft, reasons: Mapping[str, str]) -> tuple[Problem, ...] | Refusal:
    """Guards, then the input: the refusal, or what is told beside an act that goes through."""
    for guard in draft.action.guards:
        if draft.guard_refuses(guard):
            return Refusal(guard.code, draft.fill(guard.message))
    problems = tuple(draft.problems(reasons))
    if any(problem.blocks for problem in problems):
        return Refusal(INVALID, _WORDS[INVALID], problems)
    return problems


def _deputy_for(compiled: CompiledAction, facts: Facts) -> str:
    """In whose place this is done (代決): where none of the actor's own roles allows it."""
    able = facts.actor.roles & set(compiled.action.roles)
    if able - facts.actor.deputy.keys():
        return ""
    return next((facts.actor.deputy[role] for role in sorted(able)), "")


def _refuse(code: str) -> Refusal:
    return Refusal(code, _WORDS[code])


def may(compiled: CompiledAction, case: CaseState | None, facts: Facts) -> Refusal | None:
    """Role first (a wrong person learns nothing of the state), then participation and state."""
    action = compiled.action
    if not facts.actor.roles & set(action.roles):
        return _refuse(NOT_ALLOWED)
    if case is None:
        if not action.opens:
            return _refuse(WRONG_STATE)
        return _refuse(NOT_PARTICIPATING) if facts.participation == "none" else None
    if case.state not in action.from_:
        return _refuse(WRONG_STATE)
    return None


def _input_json(procedure: CompiledProcedure, compiled: CompiledAction, draft: Draft) -> dict[str, object]:
    """The input as it counted, for the event; the fields of sections stand in the changes."""
    given: Mapping[str, object] = draft.env["input"]
    codecs = procedure.codecs.inputs[compiled.action.name]
    return {name: codecs[name].to_json(given[name]) for name in compiled.own if name in given}


def _changes(procedure: CompiledProcedure, before: CaseState | None, after: CaseState) -> dict[str, Any]:
    old = state_to_json(procedure, before) if before is not None else None
    return changes_between(old, state_to_json(procedure, after))


def _conclude(draft: Draft, case: CaseState) -> tuple[CaseState, tuple[DecidedEffect, ...]] | Refusal:
    compiled, procedure = draft.action, draft.procedure
    refusal = effect_words.fulfil(draft)
    if refusal is not None:
        return refusal
    _set(draft)
    state = _next_state(draft, case.state)
    clocks = _start_clocks(draft, dict(case.clocks))
    draft.env["clock"] = {name: clock.on for name, clock in clocks.items()}
    draft.env["case"] = {**draft.env["case"], "state": state, "id": case.id, "number": case.number}
    _recompute(draft)
    speaking = effect_words.Speaker(draft, dict(case.charges), clocks)
    for effect in (*compiled.effects, *procedure.always):
        speaking.speak(effect)
    after = replace(
        case,
        state=state,
        values=_kept(procedure, draft.values),
        texts=draft.texts,
        marks=draft.marks,
        clocks=_stopped(procedure, speaking.clocks, state),
        charges=speaking.charges,
        grants=speaking.grants,
        actors={**case.actors, compiled.action.name: draft.facts.actor.id},
        seq=case.seq + 1,
    )
    return after, tuple(speaking.effects)


def _set(draft: Draft) -> None:
    known = draft.procedure.codecs
    for name, program in draft.action.set.items():
        value = run(program, draft.env)
        stored = known.get(name) is not None
        if is_pending(value) or value is None:
            draft.env.pop(name, None)
            draft.values.pop(name, None)
            continue
        draft.env[name] = value
        if stored:
            draft.values[name] = value


def _next_state(draft: Draft, state: str) -> str:
    for target, when in draft.action.to:
        if when is None or run(when, draft.env) is True:
            return target
    return state


def _recompute(draft: Draft) -> None:
    """Computes again what follows from what the act has set, numbered, taken, or from its clocks and state."""
    procedure, changed = draft.procedure, {"case", "clock", *draft.action.settles}
    for name in procedure.order:
        program = procedure.computed.get(name)
        if program is None or procedure.uses[name].isdisjoint(changed):
            continue
        changed.add(name)
        value = run(program, draft.env)
        if is_pending(value) or value is None:
            draft.env.pop(name, None)
            draft.values.pop(name, None)
        else:
            draft.env[name] = value
            if name in procedure.codecs.computed:
                draft.values[name] = value


def _kept(procedure: CompiledProcedure, values: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if procedure.codecs.get(name) is not None}


def _start_clocks(draft: Draft, clocks: dict[str, ClockState]) -> dict[str, ClockState]:
    for compiled in draft.action.clocks:
        if compiled.when is not None and run(compiled.when, draft.env) is not True:
            continue
        started = _started(draft, compiled)
        if started is not None:
            clocks[compiled.name] = started
            draft.env["clock"] = {**draft.env["clock"], compiled.name: started.on}
    return clocks


def _started(draft: Draft, compiled: CompiledClock) -> ClockState | None:
    word = draft.procedure.procedure.clocks[compiled.name]
    start, n, roll = run(compiled.from_, draft.env), run(compiled.n, draft.env), run(compiled.roll, draft.env)
    if not isinstance(start, date) or not isinstance(n, int):
        return None
    on = deadline(
        start,
        n,
        word.unit,
        direction=word.direction,
        first_day=word.first_day,
        roll=_ROLLS.get(str(roll), "none"),
        calendar=draft.facts.calendar,
    )
    return ClockState(on, fire_instant(word.fires, on))


def fire_instant(fires: str, on: date) -> datetime | None:
    """The instant at which a clock of a day fires: its own midnight, the next one (Asia/Tokyo), or never."""
    if fires == "never":
        return None
    day = on + timedelta(days=1) if fires == "after" else on
    return datetime(day.year, day.month, day.day, tzinfo=JST)


def _stopped(
    procedure: CompiledProcedure, clocks: Mapping[str, ClockState], state: str
) -> dict[str, ClockState]:
    """Clocks keep their day; one that has no meaning in the new state no longer fires."""
    words = procedure.procedure.clocks
    return {
        name: clock
        if clock.fire_at is None or not words[name].while_ or state in words[name].while_
        else replace(clock, fire_at=None)
        for name, clock in clocks.items()
    }


def fire(
    procedure: CompiledProcedure, case: CaseState, clock: str, facts: Facts, world: World
) -> Decision | None:
    """A clock acts as `system`, once: its act where the state allows it, else only its notices. None if not due."""
    state, word = case.clocks.get(clock), procedure.procedure.clocks.get(clock)
    if state is None or word is None or state.fired or state.fire_at is None or state.fire_at > facts.now:
        return None
    facts = replace(facts, actor=SYSTEM)
    fired = replace(case, clocks={**case.clocks, clock: replace(state, fired=True)})
    if word.act is not None and case.state in procedure.procedure.actions[word.act].from_:
        decision = decide(procedure, fired, word.act, {}, facts, world)
        if isinstance(decision, Decision):
            return replace(decision, changes=_changes(procedure, case, decision.case))
    after = replace(fired, seq=case.seq + 1)
    notices = effect_words.notices(procedure, after, facts, word.notify) if case.state in word.while_ else ()
    return Decision(
        f"clock.{clock}", after, case.state, {}, _changes(procedure, case, after), {}, {}, (), notices
    )
