"""Cases that are granted to roles in other bodies: to bodies that there are, and the lines that are delivered there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from kiban.access import bodies
from kiban.cases.lines import Line
from kiban.kernel.definitions.compile import CompiledProcedure
from kiban.kernel.definitions.model import Label
from kiban.kernel.facts import CaseState, Decision, Grant, GrantChange, Refusal
from kiban.kernel.grants import EVERYWHERE, holding
from kiban.kernel.problems import INVALID, NOT_IN_LIST, Problem
from kiban.kernel.sight import granted as sees_grant
from kiban.kernel.state import title_of

_NOBODY = Label(
    ja="情報を提供する相手の団体が見つかりません。コードを確かめてください。",
    en="There is no such body to share this with. Please check its code.",
)


def refuse_unknown(decision: Decision) -> Refusal | None:
    """A refusal where a case is granted to a body that there is not; the field that names it is told."""
    unknown = [
        one.to
        for one in decision.effects
        if isinstance(one, GrantChange) and one.to != EVERYWHERE and not bodies.exists(one.to)
    ]
    if not unknown:
        return None
    fields = [name for name, value in decision.input.items() if value in unknown]
    return Refusal(INVALID, _NOBODY, tuple(Problem(name, NOT_IN_LIST, _NOBODY) for name in fields))


def granted(line: Line, procedure: CompiledProcedure, state: CaseState) -> Iterator[tuple[str, Line]]:
    """(partition, line) for those to whom the case was granted, one for each place, in words that its grants show.

    What was revoked or blocked is delivered too, as over since long: a line of an earlier act can't come back.
    """
    for place in dict.fromkeys(grant.to for grant in state.grants.values() if grant.to != EVERYWHERE):
        standing = [
            grant
            for grant in state.grants.values()
            if grant.to == place and holding(state.grants, [(grant.role, place)], grant.since) is not None
        ]
        told = any(sees_grant(procedure, grant).names_all(procedure.title.names) for grant in standing)
        title = title_of(procedure, state)[:300] if told else ""
        yield place, replace(line, title=title, due_on=None, until=_last_day(standing))


def _last_day(standing: list[Grant]) -> date | None:
    """The last day on which one of these holds; None without end, long ago when there is none."""
    if any(grant.until is None for grant in standing):
        return None
    return max((grant.until for grant in standing if grant.until is not None), default=date.min)
