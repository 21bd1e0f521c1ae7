"""Sending a form back (補正): which fields are to be put right, each with its reason, as an act has said it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kiban.kernel.definitions.compile import CompiledProcedure
from kiban.kernel.definitions.model import Label

CODE = "correction"
"""The code under which a page says beside a field what is to be put right there."""


@dataclass(frozen=True, slots=True)
class Point:
    """A field to be put right; `reason` is empty where only the field was named."""

    field: str
    label: Label
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for, field by field in the order of the form, and the words for all of it."""

    points: tuple[Point, ...]
    comment: str

    def only(self, names: Iterable[str]) -> Asked:
        """Without the fields that may not be seen."""
        seen = frozenset(names)
        return Asked(tuple(point for point in self.points if point.field in seen), self.comment)


def asked(procedure: CompiledProcedure, act: str, given: Mapping[str, Any]) -> Asked | None:
    """What an act has asked for by its input (JSON); None for an act that sends nothing back."""
    action = procedure.procedure.actions.get(act)
    word = action.correction if action is not None else None
    if word is None:
        return None
    reasons: dict[str, list[str]] = {name: [] for name in given.get(word.fields or "") or ()}
    for row in given.get(word.points or "") or ():
        reasons.setdefault(str(row.get("field") or ""), []).append(str(row.get("reason") or ""))
    points = tuple(
        Point(name, item.field.label, "\n".join(text for text in reasons[name] if text))
        for name, item in procedure.fields.items()
        if name in reasons
    )
    return Asked(points, str(given.get(word.comment or "") or ""))


def standing(
    procedure: CompiledProcedure, state: str, acts: Iterable[tuple[str, Mapping[str, Any]]]
) -> Asked | None:
    """What a case waits for: the last thing asked, while the case is where that act has put it.

    `acts` are (act, input) in order.
    """
    found: Asked | None = None
    for act, given in acts:
        said = asked(procedure, act, given)
        if said is not None and state in {target.state for target in procedure.procedure.actions[act].to}:
            found = said
    return found
