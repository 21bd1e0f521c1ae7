"""Cases that are granted to roles in other bodies: to bodies that there are, and the lines that are delivered there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from kiban.access import bodies
from kiban.cases.lines import Line
from kiban.kernel.definitions.compile import CompiledProcedure
from kiban.kernel.definitions.model import Label
from kiban.kernel.facts import CaseState, Decision, GrantChange, Refusal
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
    """(partition, line) for those to whom the case was granted, in words that the grant shows.

    What was revoked or blocked is delivered too, as over since long: a line of an earlier act can't come back.
    """
    for grant in state.grants.values():
        if grant.to != EVERYWHERE:
            shown = sees_grant(procedure, grant)
            title = title_of(procedure, state) if shown.names_all(procedure.title.names) else ""
            stands = holding(state.grants, [(grant.role, grant.to)], grant.since) is not None
            yield (
                grant.to,
                replace(line, title=title[:300], due_on=None, until=grant.until if stands else date.min),
            )
