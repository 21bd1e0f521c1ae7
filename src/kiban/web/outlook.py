"""What an action will do, said before it is done: the next state, documents, numbers, money, notices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from kiban.cases import queries
from kiban.kernel.definitions.compile import CompiledAction, CompiledGuard, CompiledProcedure
from kiban.kernel.definitions.model import Label
from kiban.kernel.environment import base_environment
from kiban.kernel.facts import CaseState, Facts, World
from kiban.kernel.forms import Draft, run


@dataclass(frozen=True)
class Possible:
    """An action that the actor may take now. `reason` says why it would be refused at present, where that is known."""

    name: str
    label: Label
    help: Label | None
    style: str
    law: str
    will: tuple[str, ...]
    reason: Label | None = None


def possible_actions(
    procedure: CompiledProcedure, case: CaseState, facts: Facts, world: World, language: str
) -> tuple[Possible, ...]:
    """The actions open to the actor in the case's state, in the order of the definition."""
    found = []
    for compiled in queries.possible(procedure, case, facts.actor):
        action = compiled.action
        refused = _refused(procedure, compiled, case, facts, world)
        if refused is not None and refused[0].hides:
            continue
        found.append(
            Possible(
                action.name, action.label, action.help, action.style, action.law,
                tuple(will_do(procedure, compiled, case, facts, language)), refused and refused[1],
            )
        )  # fmt: skip
    return tuple(found)


def refusing_guard(
    procedure: CompiledProcedure, compiled: CompiledAction, case: CaseState, facts: Facts, world: World
) -> Label | None:
    """The message of a guard that refuses whatever is put in; guards that look at the input are left to the act."""
    refused = _refused(procedure, compiled, case, facts, world)
    return refused and refused[1]


def _refused(
    procedure: CompiledProcedure, compiled: CompiledAction, case: CaseState, facts: Facts, world: World
) -> tuple[CompiledGuard, Label] | None:
    draft = None
    for guard in compiled.guards:
        programs = [program for program in (guard.when, guard.check) if program is not None]
        if any(name.startswith(("input", "lookup")) for program in programs for name in program.names):
            continue
        draft = draft or Draft(procedure, compiled, case, {}, facts, world)
        if draft.guard_refuses(guard):
            return guard, draft.fill(guard.message)
    return None


def will_do(
    procedure: CompiledProcedure,
    compiled: CompiledAction,
    case: CaseState | None,
    facts: Facts,
    language: str,
) -> Iterator[str]:
    """Sentences on what the action causes."""
    env = base_environment(procedure, case, facts)
    env.update(_computed(procedure, env))
    states = [procedure.procedure.states[name].label.text(language) for name, _when in compiled.to]
    if len(states) == 1:
        yield _("The state becomes “%s”.") % states[0]
    elif states:
        yield _("The state becomes one of: %s.") % _join(states, language)
    for effect in compiled.action.effects:
        sentence = _sentence(procedure, effect, env, language)
        if sentence:
            yield sentence


def _computed(procedure: CompiledProcedure, env: Mapping[str, object]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name in procedure.order:
        program = procedure.computed.get(name)
        if program is not None:
            found[name] = run(program, {**env, **found})
    return found


def _sentence(procedure: CompiledProcedure, effect: object, env: Mapping[str, object], language: str) -> str:
    kind = getattr(effect, "kind", "")
    service = procedure.service
    maybe = getattr(effect, "when", None) is not None
    if kind == "document":
        return _document(service.documents[effect.document].label.text(language), effect)  # type: ignore[attr-defined]
    if kind == "number":
        word = procedure.procedure.computed.get(effect.number)  # type: ignore[attr-defined]
        return _("“%s” is given.") % (word.label.text(language) if word and word.label else _("A number"))
    if kind == "allocate":
        label = service.registries[effect.registry].key.text(language)  # type: ignore[attr-defined]
        return _("A free “%s” is taken for this case.") % label
    if kind == "notify" and not maybe:
        notice = service.notices[effect.notify]  # type: ignore[attr-defined]
        role = service.roles[notice.to].label.text(language) if notice.to in service.roles else notice.to
        return _("%(role)s is told: “%(subject)s”.") % {
            "role": role,
            "subject": notice.subject.text(language),
        }
    if kind == "grant" and effect.do == "give":  # type: ignore[attr-defined]
        label = service.roles[effect.grant].label.text(language)  # type: ignore[attr-defined]
        return _("“%s” of another body sees a summary.") % label
    if kind == "charge" and not maybe:
        return _charge(procedure, effect, env, language)
    return ""


def _document(label: str, effect: object) -> str:
    if effect.do == "withdraw":  # type: ignore[attr-defined]
        return _("“%s” is withdrawn.") % label
    if effect.replaces:  # type: ignore[attr-defined]
        return _("“%s” is issued anew and replaces the earlier one.") % label
    return _("“%s” is issued.") % label


def _charge(procedure: CompiledProcedure, effect: object, env: Mapping[str, object], language: str) -> str:
    label = procedure.charge_label(effect.charge).text(language)  # type: ignore[attr-defined]
    do = effect.do  # type: ignore[attr-defined]
    amount = env.get(effect.amount)  # type: ignore[attr-defined]
    if do == "raise" and isinstance(amount, int):
        shown = f"¥{amount:,}" if language == "en" else f"{amount:,}円"
        return _("%(charge)s of %(amount)s is charged.") % {"charge": label, "amount": shown}
    sentences = {
        "raise": _("%s is charged."), "settle": _("%s is recorded as paid."), "refund": _("%s is paid back."),
        "waive": _("%s is waived."), "repay": _("What was paid too much of “%s” is paid back."),
        "void": _("A payment of “%s” is taken back: it was not made."),
        "cancel": _("The claim of “%s” is taken back."),
    }  # fmt: skip
    return sentences[do] % label


def _join(words: list[str], language: str) -> str:
    return (", " if language == "en" else "、").join(words)
