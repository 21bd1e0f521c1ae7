"""Facts for one body, service and day, from caches: what `decide` and `evaluate` are given beside the input."""

from __future__ import annotations

from datetime import date, datetime

from kiban.access import bodies, participation
from kiban.definitions import parameters
from kiban.kernel.dates import today_in_tokyo
from kiban.kernel.definitions.compile import CompiledService
from kiban.kernel.facts import ActorFacts, CaseState, Facts


def facts_for(
    compiled: CompiledService, body: str, actor: ActorFacts, now: datetime, case: CaseState | None = None
) -> Facts:
    """The facts of an act. Parameters are those of the day on which the case was opened (for an opening act: today).

    Raises bodies.UnknownBody.
    """
    today = today_in_tokyo(now)
    as_of: date = today if case is None else case.opened_on
    return Facts(
        now=now,
        body=bodies.get(body),
        actor=actor,
        parameters=parameters.resolve(compiled, body, as_of),
        calendar=participation.calendar(body),
        participation=participation.level(compiled.service, body, today),
    )
