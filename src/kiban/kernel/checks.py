"""The checks of a case as a reviewer reads them: each rule of an action, its article, and how it stands (審査事項)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from kiban.kernel.definitions.compile import CompiledProcedure, CompiledRule
from kiban.kernel.definitions.model import Label
from kiban.kernel.environment import shower
from kiban.kernel.expr import EvaluationError
from kiban.kernel.facts import CaseState, Facts, World
from kiban.kernel.forms import Draft

Standing = Literal["holds", "broken", "open"]


@dataclass(frozen=True, slots=True)
class Check:
    """One rule of an action: `open` where what it asks is not known yet; `message` says what is wrong."""

    code: str
    label: Label
    law: str
    severity: str
    field: str
    standing: Standing
    message: Label | None


def checks(
    procedure: CompiledProcedure, action: str, case: CaseState, facts: Facts, world: World
) -> tuple[Check, ...]:
    """The rules of an action that apply to a case, in the order of the definition; facts say as of when.

    Rules on each row of a group stand once, broken when one row breaks them.
    """
    draft = Draft(procedure, procedure.actions[action], case, {}, facts, world)
    found = (_check(procedure, rule, draft) for rule in draft.action.rules)
    return tuple(check for check in found if check is not None)


def _check(procedure: CompiledProcedure, rule: CompiledRule, draft: Draft) -> Check | None:
    word = rule.rule
    environments = [draft.env]
    if word.each is not None:
        items = draft.values.get(word.each)
        environments = [
            {**draft.env, "item": item} for item in (items if isinstance(items, list | tuple) else ())
        ]
    stands = [(_standing(rule, env), env) for env in environments]
    applying = [(standing, env) for standing, env in stands if standing is not None]
    if not applying:
        return None
    broken = next((env for standing, env in applying if standing == "broken"), None)
    standing: Standing = "broken" if broken else "open" if any(s == "open" for s, _ in applying) else "holds"
    message = rule.message.fill({**broken, "suggest": {}}, shower(procedure)) if broken else None
    return Check(
        word.code, word.label or Label(ja=word.code), word.law, word.severity, word.field, standing, message
    )


def _standing(rule: CompiledRule, env: Mapping[str, object]) -> Standing | None:
    try:
        if rule.when is not None and rule.when(env) is not True:
            return None
        result = rule.check(env)
    except EvaluationError:
        return "open"
    if result is True:
        return "holds"
    return "broken" if result is False else "open"
