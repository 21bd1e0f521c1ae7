"""`kiban rebuild [--check] [--body CODE]`: folds the events of every case and compares with what stands in the tables.

State, search values, agenda, charges and registries are projections of the events. `--check` names every
difference and changes nothing (exit status 1 when there is one); without it the projections of cases are written
anew from the events. Folding never evaluates a rule.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

import orjson

from kiban.access import bodies
from kiban.access.scope import scope
from kiban.cases import content
from kiban.cases.events import MATTER
from kiban.cases.ledger import StoredEvent, stored_events
from kiban.cases.models import Agenda, Case, CaseValue, Charge
from kiban.cases.world import as_value
from kiban.cases.writing import agenda_of, case_columns, changed_values
from kiban.definitions import editions
from kiban.kernel.state import fold, state_from_json
from kiban.registries.models import Record, RecordValue, RecordVersion

_Key = tuple[str, str, str]


@dataclass(slots=True)
class Rebuilt:
    """What was folded and what differed."""

    cases: int = 0
    records: int = 0
    unreadable: int = 0
    differences: list[str] = field(default_factory=list)


def rebuild(body: str, *, check: bool, result: Rebuilt | None = None) -> Rebuilt:
    """Folds one body's events in one transaction. Opens its own scope."""
    result = result if result is not None else Rebuilt()
    with scope(body, viewer="rebuild", snapshot=True):
        # (case, seq) → registry → key → what was set, in order
        changes: dict[tuple[str, int], list[tuple[_Key, dict[str, Any]]]] = {}
        for case_id, events in groupby(list(stored_events()), key=lambda event: event.case):
            result.cases += 1
            folded = _fold(body, list(events), changes)
            if folded is None:
                result.unreadable += 1
                continue
            for difference in _case(body, case_id, folded, check=check):
                result.differences.append(f"{body} case {case_id}: {difference}")
        for difference in _registries(body, changes, result):
            result.differences.append(f"{body} {difference}")
    return result


def _fold(
    body: str, events: list[StoredEvent], changes: dict[tuple[str, int], list[tuple[_Key, dict[str, Any]]]]
) -> dict[str, Any] | None:
    """The document that the events make; None when the matter of one was disposed of."""
    document: dict[str, Any] | None = None
    row = Case.objects.get(body=body, id=events[0].case)
    for event in events:
        groups = {stored.group: orjson.loads(event.open(body, stored)) for stored in event.contents}
        if MATTER not in groups:
            return None
        said = content.merge(groups)
        document = fold(document, said["changes"])
        changes[event.case, event.seq] = [
            ((row.service, effect["registry"], effect["key"]), effect["set"])
            for effect in said.get("effects", ())
            if effect["kind"] == "record"
        ]
    return document


def _case(body: str, case_id: str, document: Mapping[str, Any], *, check: bool) -> Iterator[str]:
    row = Case.objects.get(body=body, id=case_id)
    procedure = editions.get(row.edition).procedures[row.procedure]
    state = state_from_json(procedure, document, id=case_id, number=row.number, seq=row.seq)
    columns = case_columns(procedure, state)
    stands = {
        "state": row.state, "final": row.final, "title": row.title, "subject": row.subject,
        "due_on": row.due_on.isoformat() if row.due_on else None,
    }  # fmt: skip
    wanted = changed_values(procedure, None, state)["rows"]
    values = {(field, value) for field, value in wanted}
    found = set(CaseValue.objects.filter(body=body, case_id=case_id).values_list("field", "value"))
    agenda = {(name, datetime.fromisoformat(item["at"])) for name, item in agenda_of(state).items()}
    has_agenda = set(Agenda.objects.filter(body=body, case_id=case_id).values_list("clock", "at"))
    charges = {(name, charge.due, charge.paid, charge.waived) for name, charge in state.charges.items()}
    has = set(Charge.objects.filter(body=body, case_id=case_id).values_list("name", "due", "paid", "waived"))
    parts = {
        "document": dict(document) == row.document, "columns": columns == stands, "search values": values == found,
        "agenda": agenda == has_agenda, "charges": charges == has,
    }  # fmt: skip
    wrong = [name for name, same in parts.items() if not same]
    if not wrong:
        return
    yield f"{', '.join(wrong)} differ from the events"
    if not check:
        _write(row, document, columns, procedure, values - found, found - values)


def _write(
    row: Case, document: Mapping[str, Any], columns: Mapping[str, Any], procedure: Any,
    missing: set[tuple[str, str]], surplus: set[tuple[str, str]],
) -> None:  # fmt: skip
    here = {"body": row.body, "case_id": row.id}
    state = state_from_json(procedure, document, id=str(row.id), number=row.number, seq=row.seq)
    Case.objects.filter(body=row.body, id=row.id).update(document=dict(document), **columns)
    for name, value in surplus:
        CaseValue.objects.filter(**here, field=name, value=value).delete()
    CaseValue.objects.bulk_create(
        CaseValue(**here, service=row.service, field=name, value=value) for name, value in sorted(missing)
    )
    agenda = agenda_of(state)
    handled = set(Agenda.objects.filter(**here, fired=True).values_list("clock", "at"))
    Agenda.objects.filter(**here).delete()
    Agenda.objects.bulk_create(
        Agenda(
            **here, clock=name, at=(at := datetime.fromisoformat(item["at"])),
            fired=item["fired"] or (name, at) in handled,
        )
        for name, item in agenda.items()
    )  # fmt: skip
    Charge.objects.filter(**here).delete()
    Charge.objects.bulk_create(
        Charge(**here, name=name, due=c.due, paid=c.paid, waived=c.waived, updated_at=row.updated_at)
        for name, c in state.charges.items()
    )


def _registries(
    body: str, changes: Mapping[tuple[str, int], list[tuple[_Key, dict[str, Any]]]], result: Rebuilt
) -> Iterator[str]:
    """Every version of a record must be the one before it with what its event set; the record is the last one."""
    versions: dict[_Key, dict[str, Any]] = {}
    used: dict[tuple[str, int, _Key], int] = defaultdict(int)
    rows = RecordVersion.objects.filter(body=body).order_by("service", "registry", "key", "version")
    for row in rows.iterator(chunk_size=2000):
        key = (row.service, row.registry, row.key)
        act = (str(row.case_id), row.seq)
        said = [given for name, given in changes.get(act, ()) if name == key]
        place = used[(*act, key)]
        used[(*act, key)] += 1
        merged = {**versions.get(key, {}), **(said[place] if place < len(said) else {})}
        wanted = {name: value for name, value in merged.items() if value is not None}
        if act in changes and wanted != row.data:
            yield f"record {'/'.join(key)} version {row.version}: differs from its event"
        versions[key] = row.data
    values: dict[_Key, set[tuple[str, str]]] = defaultdict(set)
    listed = RecordValue.objects.filter(body=body).values_list("service", "registry", "key", "field", "value")
    for service, registry, name, of, value in listed:
        values[service, registry, name].add((of, value))
    for record in Record.objects.filter(body=body).iterator(chunk_size=2000):
        result.records += 1
        key = (record.service, record.registry, record.key)
        if versions.pop(key, None) != record.data:
            yield f"record {'/'.join(key)}: differs from its last version"
        scalars = {
            (of, as_value(value)) for of, value in record.data.items() if isinstance(value, str | int | float)
        }
        if values.pop(key, set()) != scalars:
            yield f"record {'/'.join(key)}: its search values differ"
    for key in versions:
        yield f"record {'/'.join(key)}: is missing"


def main(argv: Sequence[str]) -> int:
    """The command line: see the module."""
    parser = argparse.ArgumentParser(
        prog="./kiban rebuild", description="Fold the events and compare (or write) the projections."
    )
    parser.add_argument("--check", action="store_true", help="name differences, change nothing")
    parser.add_argument("--body", help="only this body (code); default: all")
    chosen = parser.parse_args(list(argv))
    if chosen.body and not bodies.exists(chosen.body):
        sys.stderr.write(f"kiban rebuild: there is no body {chosen.body!r}\n")
        return 2
    result = Rebuilt()
    for body in [chosen.body] if chosen.body else bodies.codes():
        already = len(result.differences)
        rebuild(body, check=chosen.check, result=result)
        for difference in result.differences[already:]:
            sys.stdout.write(f"{difference}\n")
    count = len(result.differences)
    sys.stdout.write(
        f"{result.cases} cases and {result.records} records: {f'{count} differences' if count else 'no difference'}"
        + (f", {result.unreadable} cases whose content was disposed of\n" if result.unreadable else "\n")
    )
    return 1 if count and chosen.check else 0
