"""The documents of a case that stand: what an act replaces or withdraws is looked up under the case's lock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from kiban.cases.session import Session
from kiban.kernel.dates import today_in_tokyo
from kiban.kernel.facts import Decision, DocumentIssue, DocumentWithdrawal

_STANDING = (
    "SELECT name, id::text, number, at FROM documents_document "
    "WHERE body = %s AND case_id = %s AND name = ANY(%s) AND ended_at IS NULL ORDER BY seq, number"
)


@dataclass(frozen=True, slots=True)
class Standing:
    """An issued document that neither was replaced nor withdrawn."""

    name: str
    id: str
    number: str
    at: datetime

    @property
    def on(self) -> date:
        """The civil day of its issue."""
        return today_in_tokyo(self.at)

    @property
    def said(self) -> dict[str, Any]:
        """As an event names it."""
        return {"id": self.id, "number": self.number}


def ended_by(opened: Session, body: str, case_id: str, decision: Decision) -> dict[str, list[Standing]]:
    """By name: the documents that stand and that the decision ends. Asks nothing where it ends none."""
    names = [
        effect.name
        for effect in decision.effects
        if isinstance(effect, DocumentWithdrawal) or (isinstance(effect, DocumentIssue) and effect.replaces)
    ]
    found: dict[str, list[Standing]] = {}
    if names:
        for row in opened.fetch(_STANDING, [body, case_id, names]):
            found.setdefault(row[0], []).append(Standing(*row))
    return found
