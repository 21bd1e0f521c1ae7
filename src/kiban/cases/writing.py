"""From a decision to what `kiban_append` writes: the event, the case row, and every projection of it."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import orjson
from uuid_utils.compat import uuid7

from kiban.cases import content, files, sealing
from kiban.cases.events import NO_PREV, ChainedEvent, new_event
from kiban.cases.lines import Line
from kiban.cases.numbers import verification_code
from kiban.cases.standing import Standing
from kiban.documents.data import document_data
from kiban.kernel.definitions.compile import CompiledProcedure
from kiban.kernel.facts import (
    CaseState,
    ChargeChange,
    Decision,
    DocumentIssue,
    DocumentWithdrawal,
    Facts,
    NoticeSent,
    RecordChange,
)
from kiban.kernel.office import is_office
from kiban.kernel.sorting import natural_key
from kiban.kernel.state import due_on, fold, put_away, search_entries, subject_of, title_of
from kiban.money import entries

APPEND = "SELECT kiban_append(%s, %s::jsonb)"


@dataclass(frozen=True, slots=True)
class Key:
    """An idempotency key in its scope, with the digest of what was asked."""

    actor: str
    route: str
    key: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Before:
    """The case as it was locked; None fields for an act that opens one."""

    state: CaseState
    head: bytes
    document: Mapping[str, Any]


@dataclass(frozen=True)
class Writing:
    """One act, decided, with all that its rows need."""

    body: str
    procedure: CompiledProcedure
    edition: str
    decision: Decision
    before: Before | None
    facts: Facts
    key: Key
    party: str
    at: datetime
    held: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    ended: Mapping[str, Sequence[Standing]] = field(default_factory=dict)

    @cached_property
    def _columns(self) -> dict[str, Any]:
        return case_columns(self.procedure, self.decision.case)

    def answer(self, issued: list[dict[str, Any]]) -> dict[str, Any]:
        """The first answer to the key, kept for repetitions."""
        case = self.decision.case
        return {
            "case": case.id,
            "number": case.number,
            "service": self.procedure.service.slug,
            "procedure": self.procedure.name,
            "action": self.decision.action,
            "state": case.state,
            "seq": case.seq,
            "at": self.at.isoformat(),
            "documents": [{"id": d["id"], "name": d["name"], "number": d["number"]} for d in issued],
            "notices": [{"to": n.to, "kind": n.name} for n in self._effects(NoticeSent)],
            "problems": [
                {"field": p.field, "code": p.code, "severity": p.severity, "message": p.message.model_dump(),
                 "law": p.law, "suggest": dict(p.suggest)}
                for p in self.decision.problems
            ],
        }  # fmt: skip

    def payload(self, seal: str) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments of `kiban_append`, and the answer."""
        issued = self._documents()
        answer = self.answer(issued)
        event = self._event(issued)
        said: dict[str, Any] = {
            "body": self.body,
            "key": {
                "actor": self.key.actor, "route": self.key.route, "key": self.key.key,
                "digest": self.key.digest.hex(),
            },
            "case": self._case(),
            "event": {
                "seq": event.seq, "act": event.act, "actor": event.actor, "place": event.place,
                "department": event.department, "at": self.at.isoformat(), "edition": event.edition,
                "digests": event.digests, "prev": event.prev.hex(), "hash": event.hash.hex(),
            },
            "key_id": sealing.current_key(),
            "contents": [[c.group, _b64(c.salt), _b64(c.nonce), _b64(c.sealed)] for c in event.contents],
            "answer": answer,
            **self._projections(),
        }  # fmt: skip
        if issued:
            said["documents"] = issued
        if ended := self._ended(issued):
            said["ended"] = ended
        jobs = self._jobs(bool(issued))
        if jobs:
            said["jobs"] = jobs
        return (seal, orjson.dumps(said).decode()), answer

    def _effects(self, kind: type) -> list[Any]:
        return [effect for effect in self.decision.effects if isinstance(effect, kind)]

    def _documents(self) -> list[dict[str, Any]]:
        case, found = self.decision.case, list[dict[str, Any]]()
        for place, issue in enumerate(self._effects(DocumentIssue), start=1):
            number, code = f"{case.number}-{case.seq}-{place}", verification_code()
            replaces = self.ended.get(issue.name, ()) if issue.replaces else ()
            data = document_data(
                self.procedure, issue.name, case, self.facts, action=self.decision.action,
                given=self.decision.input, number=number, code=code,
                replaces=[(one.number, one.on) for one in replaces],
            )  # fmt: skip
            found.append(
                {"id": str(uuid7()), "name": issue.name, "number": number, "code": code, "data": data,
                 "replaces": [one.said for one in replaces]}
            )  # fmt: skip
        return found

    def _ended(self, issued: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The documents that no longer stand: by what they were replaced, null for those withdrawn."""
        replaced = [{"id": old["id"], "by": new["id"]} for new in issued for old in new["replaces"]]
        names = [effect.name for effect in self._effects(DocumentWithdrawal)]
        return replaced + [{"id": one.id, "by": None} for name in names for one in self.ended.get(name, ())]

    def _event(self, issued: list[dict[str, Any]]) -> ChainedEvent:
        case, actor = self.decision.case, self.facts.actor
        documents = [
            {"kind": "document", "id": d["id"], "name": d["name"], "number": d["number"],
             "data": content.data_digest(d["data"]), **({"replaces": d["replaces"]} if d["replaces"] else {})}
            for d in issued
        ]  # fmt: skip
        documents += [
            {"kind": "withdrawal", "name": name, "documents": [one.said for one in self.ended.get(name, ())]}
            for name in (effect.name for effect in self._effects(DocumentWithdrawal))
        ]
        return new_event(
            body=self.body, case=case.id, seq=case.seq, act=self.decision.action, actor=self.key.actor,
            place=actor.place, department=actor.department, at=self.at, edition=self.edition,
            prev=NO_PREV if self.before is None else self.before.head,
            groups=content.split(self.procedure, self.decision, documents),
        )  # fmt: skip

    def _case(self) -> dict[str, Any]:
        case = self.decision.case
        return {
            "id": case.id, "number": case.number, "service": self.procedure.service.slug,
            "procedure": self.procedure.name, "edition": self.edition, "party": self.party,
            "document": put_away(
                self.procedure,
                fold(None if self.before is None else self.before.document, self.decision.changes),
            ),
            **self._columns,
        }  # fmt: skip

    def _projections(self) -> dict[str, Any]:
        old, new = None if self.before is None else self.before.state, self.decision.case
        found: dict[str, Any] = {}
        values = changed_values(self.procedure, old, new)
        if values["fields"]:
            found["values"] = values
        agenda = changed_agenda(old, new)
        if agenda["set"] or agenda["gone"]:
            found["agenda"] = agenda
        if self._effects(ChargeChange):
            found["charges"] = [
                {"name": n, "due": c.due, "paid": c.paid, "waived": c.waived} for n, c in new.charges.items()
            ]
            said = map(content.effect_said, self._effects(ChargeChange))
            found["money"] = {"day": self.facts.today.isoformat(), "rows": entries.rows(said)}
        records = [
            {"registry": r.registry, "key": r.key, "sort_key": natural_key(r.key), "set": dict(r.set),
             "valid_from": self.facts.today.isoformat()}
            for r in self._effects(RecordChange)
        ]  # fmt: skip
        if records:
            found["records"] = records
        notices = [
            {"id": str(uuid7()), "name": n.name, "to": n.to, "subject": n.subject.model_dump(),
             "text": n.text.model_dump()}
            for n in self._effects(NoticeSent)
        ]  # fmt: skip
        if notices:
            found["notices"] = notices
        attachments = list(files.attached(self._files(), self.held)) if self.held else []
        if attachments:
            found["attachments"] = attachments
        return found

    def _files(self) -> list[Any]:
        """The changed values and inputs that may name files."""
        holding = self.procedure.codecs.files
        places = (self.decision.changes.get("values") or {}, self.decision.input)
        return [value for place in places for name, value in place.items() if name in holding]

    def _jobs(self, documents: bool) -> list[str]:
        """Whoever follows the case learns of each act but the office's own."""
        jobs = [] if is_office(self.decision.action) else ["shared"]
        if self._effects(NoticeSent):
            jobs.append("notices")
        return [*jobs, "documents"] if documents else jobs

    def line(self) -> Line:
        """The case as it is listed in the partitions of others."""
        case, columns = self.decision.case, self._columns
        return Line(
            self.body, case.id, self.procedure.service.slug, self.procedure.name, self.edition, case.number,
            case.state, columns["final"], columns["title"], columns["due_on"], case.seq, self.at, self.at,
        )  # fmt: skip


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def case_columns(procedure: CompiledProcedure, case: CaseState) -> dict[str, Any]:
    """The searchable columns of a case row that follow from its state."""
    final = procedure.procedure.states[case.state].final
    due = None if final else due_on(procedure, case)
    return {
        "state": case.state,
        "final": final,
        "title": title_of(procedure, case)[:300],
        "subject": subject_of(procedure, case) or "",
        "due_on": due.isoformat() if due else None,
    }


def changed_values(procedure: CompiledProcedure, old: CaseState | None, new: CaseState) -> dict[str, Any]:
    """Search values that differ: the fields to clear and the rows to write."""
    before = _by_field(search_entries(procedure, old)) if old is not None else {}
    after = _by_field(search_entries(procedure, new))
    fields = [name for name in {*before, *after} if before.get(name) != after.get(name)]
    return {"fields": fields, "rows": [[name, value] for name in fields for value in after.get(name, ())]}


def changed_agenda(old: CaseState | None, new: CaseState) -> dict[str, Any]:
    """Clocks whose firing differs: rows to set, clocks that fire no more."""
    before, after = _firing(old), _firing(new)
    return {
        "set": [row for name, row in after.items() if before.get(name) != row],
        "gone": [name for name in before if name not in after],
    }


def agenda_of(case: CaseState) -> dict[str, dict[str, Any]]:
    """The agenda rows that follow from a state, by clock."""
    return _firing(case)


def _firing(case: CaseState | None) -> dict[str, dict[str, Any]]:
    if case is None:
        return {}
    return {
        name: {"clock": name, "at": clock.fire_at.isoformat(), "fired": clock.fired}
        for name, clock in case.clocks.items()
        if clock.fire_at is not None
    }


def _by_field(entries: list[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, value in entries:
        found[name] = (*found.get(name, ()), value)
    return found
