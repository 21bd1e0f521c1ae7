"""What an event says, split into field groups, and put together again.

`split` takes a decision apart; `merge` gives one mapping back from the groups that are still there (after
disposal of the personal group, what is left still folds).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from kiban.cases.events import LOOKUPS, MATTER, OFFICE, PERSONAL, canonical
from kiban.kernel.definitions.compile import CompiledProcedure
from kiban.kernel.definitions.local import head
from kiban.kernel.facts import (
    ChargeChange,
    Decision,
    DocumentIssue,
    DocumentWithdrawal,
    GrantChange,
    NoticeSent,
    RecordChange,
)
from kiban.kernel.office import is_office

_BY_FIELD = ("values", "texts", "marks")
_SAID_APART = (DocumentIssue, DocumentWithdrawal, NoticeSent)


def split(
    procedure: CompiledProcedure, decision: Decision, documents: Iterable[Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """The groups of an event. `documents` are the effects on documents: what was issued, replaced, withdrawn."""
    by_action = procedure.codecs.personal
    personal = by_action.get(decision.action, by_action[""])
    matter: dict[str, Any] = {"changes": {}, "before": decision.before}
    private: dict[str, Any] = {}
    if decision.deputy_for:
        matter["deputy_for"] = decision.deputy_for
    for part, changed in decision.changes.items():
        if part in _BY_FIELD and isinstance(changed, Mapping):
            kept, hidden = _parted(changed, personal)
            matter["changes"][part] = kept
            if hidden:
                private.setdefault("changes", {})[part] = hidden
        else:
            matter["changes"][part] = changed
    office = dict(decision.input) if is_office(decision.action) else {}
    kept, hidden = _parted({} if office else decision.input, personal)
    matter["input"] = kept
    if hidden:
        private["input"] = hidden
    if decision.reasons:
        matter["reasons"] = dict(decision.reasons)
    if decision.problems:
        matter["problems"] = [
            {"field": p.field, "code": p.code, "severity": p.severity, "law": p.law}
            for p in decision.problems
        ]
    effects = [effect_said(effect) for effect in decision.effects if not isinstance(effect, _SAID_APART)]
    effects += documents
    notices = [effect for effect in decision.effects if isinstance(effect, NoticeSent)]
    effects += [{"kind": "notice", "name": notice.name, "to": notice.to} for notice in notices]
    if effects:
        matter["effects"] = effects
    if notices:
        private["notices"] = [
            {"name": n.name, "to": n.to, "subject": n.subject.model_dump(), "text": n.text.model_dump()}
            for n in notices
        ]
    said = {MATTER: matter, PERSONAL: private, LOOKUPS: dict(decision.lookups)}
    return {**said, OFFICE: {"input": office}} if office else said


def merge(groups: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """One mapping: changes, input, before, deputy_for, reasons, problems, effects, notices, lookups."""
    said = dict(groups.get(MATTER, {}))
    private = groups.get(PERSONAL, {})
    said["changes"] = changes(groups)
    said["input"] = {
        **said.get("input", {}),
        **private.get("input", {}),
        **groups.get(OFFICE, {}).get("input", {}),
    }
    if "notices" in private:
        said["notices"] = private["notices"]
    said["lookups"] = dict(groups.get(LOOKUPS, {}))
    return said


def changes(groups: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What an event changes in the state of its case, from the groups that are still there."""
    found = dict(groups.get(MATTER, {}).get("changes", {}))
    for part, hidden in groups.get(PERSONAL, {}).get("changes", {}).items():
        found[part] = {**found.get(part, {}), **hidden}
    return found


def data_digest(data: Mapping[str, Any]) -> str:
    """The digest by which an event names the data of a document that it issues."""
    return hashlib.sha256(canonical(data)).hexdigest()


def _parted(values: Mapping[str, Any], personal: frozenset[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The entries by name (or path) that are not about a person, and those that are."""
    hidden = {name: value for name, value in values.items() if name in personal or head(name) in personal}
    return {name: value for name, value in values.items() if name not in hidden}, hidden


def effect_said(effect: object) -> dict[str, Any]:
    """An effect on a record or a charge as an event says it."""
    match effect:
        case RecordChange(registry, key, changes):
            return {"kind": "record", "registry": registry, "key": key, "set": dict(changes)}
        case ChargeChange(name, do, amount, method, reference, receipt):
            said = {"kind": "charge", "name": name, "do": do, "amount": amount, "method": method}
            more = {"reference": reference, "receipt": receipt}
            return {**said, **{key: value for key, value in more.items() if value}}
        case GrantChange():
            return {
                "kind": "grant", "role": effect.role, "to": effect.to, "do": effect.do,
                "fields": list(effect.fields), "documents": list(effect.documents), "basis": effect.basis,
                "until": effect.until.isoformat() if effect.until else None,
            }  # fmt: skip
    raise TypeError(f"unknown effect {effect!r}")
