"""What a case waits for from its party (補正), as somebody may see it."""

from __future__ import annotations

from collections.abc import Iterable

from kiban.cases import queries
from kiban.cases.queries import CaseView, EventView
from kiban.kernel.correction import Asked, standing
from kiban.kernel.facts import ActorFacts


def asked_of(found: CaseView, events: Iterable[EventView], actor: ActorFacts) -> Asked | None:
    """What is asked for now, field by field; None where nothing is."""
    acts = ((event.act, event.said.get("input") or {}) for event in events)
    asked = standing(found.procedure, found.state.state, acts)
    return None if asked is None else asked.only(queries.sees(found, actor).fields)
