"""The state of a case as JSON: what a row stores, what an event changes, and folding the one over the other."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from kiban.kernel.definitions.compile import CompiledProcedure
from kiban.kernel.facts import SEALED_MARK, CaseState, Charge, ClockState
from kiban.kernel.grants import grant_from_json, grant_to_json

_PARTS = ("values", "texts", "marks", "clocks", "charges", "actors", "office", "grants")
FOUND_BY = ("assignee", "department")
"""What of `CaseState.office` a case is found by; the fields of its search values are `office.<name>`."""
Json = dict[str, Any]
SEALED: Json = {"sealed": True}
"""What stands in the document of a case in the place of a secret value; its mark is then `SEALED_MARK`."""


def state_to_json(procedure: CompiledProcedure, case: CaseState) -> Json:
    """One JSON document with everything that a case row stores (keys as in CaseState)."""
    get = procedure.codecs.get
    values = {}
    for name, value in case.values.items():
        codec = get(name)
        if codec is not None:
            values[name] = codec.to_json(value)
    return {
        "state": case.state,
        "opened_on": case.opened_on.isoformat(),
        "values": values,
        "texts": dict(case.texts),
        "marks": dict(case.marks),
        "clocks": {name: _clock_to_json(clock) for name, clock in case.clocks.items()},
        "charges": {n: {"due": c.due, "paid": c.paid, "waived": c.waived} for n, c in case.charges.items()},
        "actors": dict(case.actors),
        **({"office": dict(case.office)} if case.office else {}),
        **({"grants": {n: grant_to_json(g) for n, g in case.grants.items()}} if case.grants else {}),
    }


def state_from_json(
    procedure: CompiledProcedure, document: Mapping[str, Any], *, id: str, number: str, seq: int = 0,
    only: Collection[str] | None = None,
) -> CaseState:  # fmt: skip
    """The inverse of `state_to_json`; fields that the edition does not know, and those not in `only`, are left out."""
    get, secret = procedure.codecs.get, procedure.codecs.secret
    values, marks = {}, document.get("marks", {})
    for name, stored in document["values"].items():
        codec = get(name) if only is None or name in only else None
        if codec is None:
            continue
        if name in secret and stored == SEALED:
            marks = {**marks, name: SEALED_MARK}
        else:
            values[name] = codec.from_json(stored)
    return CaseState(
        id=id, procedure=procedure.name, state=document["state"], values=values,
        opened_on=date.fromisoformat(document["opened_on"]), number=number, texts=document.get("texts", {}),
        marks=marks,
        clocks={name: _clock_from_json(clock) for name, clock in document.get("clocks", {}).items()},
        charges={name: Charge(**charge) for name, charge in document.get("charges", {}).items()},
        actors=document.get("actors", {}), seq=seq, office=document.get("office", {}),
        grants={name: grant_from_json(grant) for name, grant in document.get("grants", {}).items()},
    )  # fmt: skip


def put_away(procedure: CompiledProcedure, document: Json) -> Json:
    """The document as a case row may hold it: of secret values only that they are there."""
    held = procedure.codecs.secret & document["values"].keys()
    if not held:
        return document
    texts = {name: text for name, text in document.get("texts", {}).items() if name not in held}
    return {**document, "values": {**document["values"], **dict.fromkeys(held, SEALED)}, "texts": texts}


def sealed_names(procedure: CompiledProcedure, document: Mapping[str, Any]) -> frozenset[str]:
    """The names of secret values that a document says are there."""
    secret = procedure.codecs.secret
    return frozenset(name for name in secret if document["values"].get(name) == SEALED)


def _clock_to_json(clock: ClockState) -> Json:
    fire_at = clock.fire_at.isoformat() if clock.fire_at else None
    return {"on": clock.on.isoformat(), "fire_at": fire_at, "fired": clock.fired}


def _clock_from_json(stored: Mapping[str, Any]) -> ClockState:
    fire_at = datetime.fromisoformat(stored["fire_at"]) if stored.get("fire_at") else None
    return ClockState(date.fromisoformat(stored["on"]), fire_at, bool(stored.get("fired")))


def changes_between(before: Json | None, after: Json) -> Json:
    """What an event changes: only what differs; None takes a key away. `fold` is its inverse."""
    if before is None:
        return after
    changes: Json = {"state": after["state"]} if before["state"] != after["state"] else {}
    for part in _PARTS:
        old, new = before.get(part, {}), after.get(part, {})
        changed = {key: value for key, value in new.items() if key not in old or old[key] != value}
        changed.update(dict.fromkeys(key for key in old if key not in new))
        if changed:
            changes[part] = changed
    return changes


def fold(document: Json | None, changes: Json) -> Json:
    """A case's document after one more event. Never evaluates a rule."""
    if document is None:
        return changes
    folded: Json = {**document, **{key: changes[key] for key in ("state", "opened_on") if key in changes}}
    for part in _PARTS:
        if part in changes:
            merged = {**document.get(part, {}), **changes[part]}
            folded[part] = {key: value for key, value in merged.items() if value is not None}
    return folded


def title_of(procedure: CompiledProcedure, case: CaseState) -> str:
    """A line that names the case for people, by the procedure's `title`."""
    from kiban.kernel.environment import shower

    return procedure.title.fill(case.values, shower(procedure)).ja.strip() or procedure.procedure.label.ja


def subject_of(procedure: CompiledProcedure, case: CaseState) -> str | None:
    """The key of what the case is about, or None while it is not known."""
    if procedure.subject is None:
        return None
    value = procedure.subject(case.values)
    return value if isinstance(value, str) else None


def search_entries(procedure: CompiledProcedure, case: CaseState) -> list[tuple[str, str]]:
    """(field, key) pairs under which the case is found: exact codes and bigrams of names."""
    sought, values = procedure.codecs.sought, case.values
    entries = [(name, key) for name, codec in sought.items() for key in codec.search_keys(values.get(name))]
    entries.extend((f"office.{name}", str(case.office[name])) for name in FOUND_BY if case.office.get(name))
    return entries


def due_on(procedure: CompiledProcedure, case: CaseState) -> date | None:
    """The earliest due date that still matters in the case's state."""
    dates = [
        clock.on
        for name, clock in case.clocks.items()
        if name in procedure.procedure.clocks and _matters(procedure, name, case)
    ]
    return min(dates, default=None)


def _matters(procedure: CompiledProcedure, name: str, case: CaseState) -> bool:
    word = procedure.procedure.clocks[name]
    return word.kind in ("due", "expires") and not word.notify and case.state in word.while_
