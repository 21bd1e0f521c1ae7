"""A case entered at the counter becomes its applicant's own (控えの登録): with the number and the code of the copy.

The code follows from the case and a key of the installation: nothing is kept. It serves once, for a case that
nobody has yet, of a procedure that parties open themselves, within 90 days. Whoever has the copy is the applicant.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from kiban.access.scope import scope
from kiban.cases.models import Case
from kiban.cases.numbers import as_typed, readable
from kiban.cases.queries import opened_by_parties
from kiban.definitions import editions
from kiban.kernel.definitions.compile import CompiledProcedure
from kiban.kernel.definitions.model import Label
from kiban.kernel.facts import ActorFacts, CaseState, Decision
from kiban.ops.home import secret

CLAIM = "party.claim"
CLAIM_LABEL = Label(ja="マイページに登録する", en="Add to my page")
_VALID = timedelta(days=90)


def code(body: str, case: UUID | str) -> str:
    """The code of a case's copy: 50 bits, as people read it (`7K3M9-QTV4D`)."""
    key = hashlib.sha256(b"claim/" + secret("scope_seal").encode()).digest()
    return readable(hmac.new(key, f"{body}/{case}".encode(), hashlib.sha256).digest())


def find(body: str, number: str, given: str, *, now: datetime) -> Case | None:
    """The case with this number whose code this is, while it may be claimed. Opens its own scope."""
    with scope(body):
        row = Case.objects.filter(body=body, number=as_typed(number), party="").defer("document").first()
    if row is None or not holds(body, row.id, given) or row.opened_at < now - _VALID:
        return None
    procedure = editions.get(row.edition).procedures.get(row.procedure)
    return row if procedure is not None and opened_by_parties(procedure) else None


def holds(body: str, case: UUID | str, given: object) -> bool:
    """Whether this is the code of the case."""
    if not isinstance(given, str):
        return False
    typed = as_typed(given).encode("utf-8", "replace")
    return hmac.compare_digest(code(body, case).encode(), typed)


def may_claim(
    body: str, state: CaseState, party: str, actor: ActorFacts, given: Mapping[str, object]
) -> bool:
    """Whether the actor may make this case its own, asked again under the lock."""
    return actor.kind == "party" and not party and holds(body, state.id, given.get("code"))


def owner(action: str, actor: ActorFacts, party: str) -> str:
    """Whose case it is after an act."""
    return actor.place if action == CLAIM else party


def decide_claim(procedure: CompiledProcedure, state: CaseState) -> Decision:
    """The case has an owner from now on: nothing of it changes; the event's place says whose it is."""
    return Decision(CLAIM, replace(state, seq=state.seq + 1), state.state, {}, {}, {}, {}, (), ())
