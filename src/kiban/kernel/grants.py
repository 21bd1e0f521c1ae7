"""Grants (権限付与): who else may see a summary of a case, on which basis, until when. Pure.

A grant stands in the state of its case, by role and place. A block outranks every grant: what is blocked for a place
(or, as `*`, for all) is not there for it, whatever was or will be granted, until it is unblocked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from kiban.kernel.definitions.model import GrantEffect, Procedure, Service
from kiban.kernel.facts import Grant, GrantChange

EVERYWHERE = "*"


def key_of(role: str, to: str) -> str:
    """The name of a grant in its case."""
    return f"{role}@{to}"


def changed(grants: Mapping[str, Grant], change: GrantChange, on: date) -> dict[str, Grant]:
    """The grants of a case after one more change, on a civil day."""
    found, key = dict(grants), key_of(change.role, change.to)
    known = found.get(key)
    if change.do == "give":
        blocked = known is not None and known.blocked
        found[key] = Grant(
            change.role, change.to, change.fields, change.documents, change.basis, on, change.until, blocked=blocked
        )  # fmt: skip
    elif change.do == "revoke":
        for name in [key] if change.to != EVERYWHERE else list(found):
            if name in found and found[name].role == change.role:
                found[name] = replace(found[name], revoked=True)
    else:
        entry = known or Grant(change.role, change.to, (), (), change.basis, on, revoked=True)
        found[key] = replace(entry, blocked=change.do == "block")
    return found


def holding(grants: Mapping[str, Grant], held: Iterable[tuple[str, str]], on: date) -> Grant | None:
    """The grant by which the holder of these roles in these places (role, place) sees the case on a day."""
    for role, place in held:
        grant, everywhere = grants.get(key_of(role, place)), grants.get(key_of(role, EVERYWHERE))
        if grant is not None and grant.holds(on) and not (everywhere is not None and everywhere.blocked):
            return grant
    return None


def names_of(service: Service, procedure: Procedure, effect: GrantEffect) -> tuple[str, ...]:
    """The fields and computed values that an effect grants, in the order of the form."""
    sections = service.forms[procedure.form].sections
    wanted = {name for section in effect.sections if section in sections for name in sections[section].fields}
    wanted |= set(effect.fields)
    every = [name for section in sections.values() for name in section.fields] + list(procedure.computed)
    return tuple(name for name in every if name in wanted)


def grant_to_json(grant: Grant) -> dict[str, Any]:
    """A grant as it stands in the state; `grant_from_json` reads it."""
    return {
        "role": grant.role, "to": grant.to, "fields": list(grant.fields), "documents": list(grant.documents),
        "basis": grant.basis, "since": grant.since.isoformat(),
        "until": grant.until.isoformat() if grant.until else None, "revoked": grant.revoked,
        "blocked": grant.blocked,
    }  # fmt: skip


def grant_from_json(stored: Mapping[str, Any]) -> Grant:
    """The inverse of `grant_to_json`."""
    return Grant(
        stored["role"], stored["to"], tuple(stored["fields"]), tuple(stored["documents"]), stored["basis"],
        date.fromisoformat(stored["since"]), date.fromisoformat(stored["until"]) if stored["until"] else None,
        bool(stored["revoked"]), bool(stored["blocked"]),
    )  # fmt: skip
