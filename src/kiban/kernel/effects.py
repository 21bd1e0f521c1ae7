"""Effects (効果): what an act causes, from a closed list, spoken from the definition into plain data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date

from kiban.kernel import grants
from kiban.kernel.definitions.compile import CompiledEffect, CompiledProcedure
from kiban.kernel.definitions.model import (
    AllocateEffect,
    ChargeEffect,
    ClockEffect,
    DocumentEffect,
    GrantEffect,
    NotifyEffect,
    NumberEffect,
    RecordEffect,
)
from kiban.kernel.definitions.money_words import RECEIPT_PATTERN
from kiban.kernel.environment import base_environment, shower
from kiban.kernel.expr import is_pending
from kiban.kernel.facts import (
    AllocateRequest,
    CaseState,
    Charge,
    ChargeChange,
    ClockState,
    DecidedEffect,
    DocumentIssue,
    DocumentWithdrawal,
    Facts,
    GrantChange,
    NoticeSent,
    NumberRequest,
    RecordChange,
    Refusal,
)
from kiban.kernel.forms import Draft, run
from kiban.kernel.numbering import sequence_scope


def applies(effect: CompiledEffect, env: Mapping[str, object]) -> bool:
    return effect.when is None or run(effect.when, env) is True


def fulfil(draft: Draft) -> Refusal | None:
    """Asks the world for the numbers and records that the act takes; a refusal when there is none."""
    for effect in draft.action.requests:
        if not applies(effect, draft.env):
            continue
        word = effect.effect
        if isinstance(word, NumberEffect):
            name, value = word.number, _number(draft, effect, word)
        else:
            assert isinstance(word, AllocateEffect)
            name, taken = word.allocate, _allocate(draft, effect, word)
            if taken is None:
                return Refusal(word.none, word.message)
            value = taken
        draft.values[name] = draft.env[name] = value
    return None


def _number(draft: Draft, effect: CompiledEffect, word: NumberEffect) -> str:
    pattern, today = str(run(effect.programs["pattern"], draft.env)), draft.facts.today
    scope = f"{draft.procedure.name}.{word.number}/{sequence_scope(pattern, today)}"
    return draft.world.number(NumberRequest(word.number, pattern, today, scope, word.not_in or ""))


def _allocate(draft: Draft, effect: CompiledEffect, word: AllocateEffect) -> str | None:
    programs = effect.programs
    registry = draft.procedure.registries[word.registry]
    where = {name: run(programs[f"where.{name}"], draft.env) for name in word.where}
    prefer = run(programs["prefer"], draft.env) if "prefer" in programs else None
    order = tuple(
        item.by
        for index, item in enumerate(word.order)
        if item.when is None or run(programs[f"order.{index}"], draft.env) is True
    )
    request = AllocateRequest(
        word.allocate, word.registry, registry.to_json(where),
        str(prefer) if isinstance(prefer, str) and prefer else None, order,
    )  # fmt: skip
    return draft.world.allocate(request)


class Speaker:
    """Speaks the effects of one act in order; later ones see the charges and clocks of earlier ones."""

    def __init__(self, draft: Draft, charges: dict[str, Charge], clocks: dict[str, ClockState]) -> None:
        self.draft, self.env = draft, draft.env
        self.charges, self.clocks = charges, clocks
        self.grants = dict(draft.case.grants) if draft.case else {}
        self.effects: list[DecidedEffect] = []

    def speak(self, effect: CompiledEffect) -> None:
        if not applies(effect, self.env):
            return
        match effect.effect:
            case RecordEffect() as word:
                self.effects.extend(self._records(effect, word))
            case DocumentEffect() as word if word.do == "withdraw":
                self.effects.append(DocumentWithdrawal(word.document))
            case DocumentEffect() as word:
                self.effects.append(DocumentIssue(word.document, word.replaces))
            case ChargeEffect() as word:
                self._charge(effect, word)
            case NotifyEffect() as word:
                self.effects.append(notice(self.draft.procedure, word.notify, self.env))
            case ClockEffect() as word:
                self._clock(effect, word)
            case GrantEffect() as word:
                self._grant(effect, word)

    def _records(self, effect: CompiledEffect, word: RecordEffect) -> Iterable[RecordChange]:
        items = run(effect.programs["each"], self.env) if "each" in effect.programs else (None,)
        registry = self.draft.procedure.registries[word.record]
        for item in items if isinstance(items, list | tuple) else ():
            env = self.env if item is None else {**self.env, "item": item}
            key = run(effect.programs["key"], env)
            if not isinstance(key, str):
                raise UndecidedEffect(f"record {word.record}: its key is not known")
            values = {name: run(effect.programs[f"set.{name}"], env) for name in word.set}
            known = {name: value for name, value in values.items() if not is_pending(value)}
            yield RecordChange(word.record, key, registry.to_json(known))

    def _grant(self, effect: CompiledEffect, word: GrantEffect) -> None:
        to = run(effect.programs["to"], self.env) if "to" in effect.programs else grants.EVERYWHERE
        if not isinstance(to, str):
            raise UndecidedEffect(f"grant {word.grant}: to whom is not known")
        until = run(effect.programs["until"], self.env) if "until" in effect.programs else None
        procedure = self.draft.procedure
        change = GrantChange(
            word.grant, to, word.do, grants.names_of(procedure.service, procedure.procedure, word), word.documents,
            word.basis, until if isinstance(until, date) else None,
        )  # fmt: skip
        self.grants = grants.changed(self.grants, change, self.draft.facts.today)
        self.effects.append(change)

    def _charge(self, effect: CompiledEffect, word: ChargeEffect) -> None:
        amount = run(effect.programs["amount"], self.env)
        if not isinstance(amount, int):
            raise UndecidedEffect(f"charge {word.charge}: its amount is not known")
        charge = self.charges.get(word.charge, Charge())
        changed = {
            "raise": lambda: replace(charge, due=charge.due + amount),
            "settle": lambda: replace(charge, paid=charge.paid + amount),
            "refund": lambda: replace(charge, paid=charge.paid - amount, waived=charge.waived + amount),
            "waive": lambda: replace(charge, waived=charge.waived + amount),
            "repay": lambda: replace(charge, paid=charge.paid - amount),
            "void": lambda: replace(charge, paid=charge.paid - amount),
            "cancel": lambda: replace(charge, due=charge.due - amount),
        }[word.do]()
        self.charges[word.charge] = changed
        self.env["charge"] = {**self.env["charge"], word.charge: changed.as_row()}
        said = {
            name: value
            for name in ("method", "reference")
            if name in effect.programs and isinstance(value := run(effect.programs[name], self.env), str)
        }
        receipt = self._receipt(word.charge) if word.do == "settle" and amount else ""
        self.effects.append(ChargeChange(word.charge, word.do, amount, receipt=receipt, **said))

    def _receipt(self, charge: str) -> str:
        """The next receipt number of the body, without a gap: it stands in the event."""
        today = self.draft.facts.today
        kind = self.draft.procedure.service.charges.get(charge)
        pattern = kind.receipt if kind is not None else RECEIPT_PATTERN
        scope = f"receipts/{pattern}/{sequence_scope(pattern, today)}"
        return self.draft.world.number(NumberRequest("receipts", pattern, today, scope))

    def _clock(self, effect: CompiledEffect, word: ClockEffect) -> None:
        from kiban.kernel.decide import fire_instant

        if word.do == "remove":
            self.clocks.pop(word.clock, None)
            self.env["clock"] = {name: on for name, on in self.env["clock"].items() if name != word.clock}
            return
        if word.do == "stop":
            if word.clock in self.clocks:
                self.clocks[word.clock] = replace(self.clocks[word.clock], fire_at=None)
            return
        on = run(effect.programs["date"], self.env)
        if isinstance(on, date):
            fires = self.draft.procedure.procedure.clocks[word.clock].fires
            self.clocks[word.clock] = ClockState(on, fire_instant(fires, on))
            self.env["clock"] = {**self.env["clock"], word.clock: on}


class UndecidedEffect(RuntimeError):
    """An effect whose words have no value: a mistake of the definition, never of the user."""


def notice(procedure: CompiledProcedure, name: str, env: Mapping[str, object]) -> NoticeSent:
    """A notice in words, filled from the environment of its act."""
    compiled = procedure.notices[name]
    show = shower(procedure)
    return NoticeSent(name, compiled.to, compiled.subject.fill(env, show), compiled.text.fill(env, show))


def notices(
    procedure: CompiledProcedure, case: CaseState, facts: Facts, names: Iterable[str]
) -> tuple[NoticeSent, ...]:
    """The notices of a clock, which has no act of its own."""
    env = base_environment(procedure, case, facts)
    return tuple(notice(procedure, name, env) for name in names)
