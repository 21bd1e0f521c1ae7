"""`kiban rebuild [--check] [--body CODE]`: folds the events of every case and compares with what stands in the tables.

State, search values, agenda, charges and registries are projections of the events. `--check` names every
difference and changes nothing (exit status 1 when there is one); without it the projections of cases are written
anew from the events. Folding never evaluates a rule.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import groupby, islice
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
from kiban.ops import pool
from kiban.registries.models import Record, RecordValue, RecordVersion

_Key = tuple[str, str, str]
_BATCH = 500  # cases whose rows are read at once


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
        cases = ((case, list(events)) for case, events in groupby(stored_events(), key=lambda e: e.case))
        while batch := dict(islice(cases, _BATCH)):
            _batch(body, batch, changes, result, check=check)
        for difference in _registries(body, changes, result):
            result.differences.append(f"{body} {difference}")
    return result


def _batch(
    body: str, batch: Mapping[str, list[StoredEvent]],
    changes: dict[tuple[str, int], list[tuple[_Key, dict[str, Any]]]], result: Rebuilt, *, check: bool,
) -> None:  # fmt: skip
    """Many cases at once: what stands in each table is asked for once."""
    stands = _Stands(body, list(batch))
    for case_id, events in batch.items():
        result.cases += 1
        row = stands.rows.get(case_id)
        if row is None:
            result.differences.append(f"{body} case {case_id}: is missing")
            continue
        folded = _fold(body, row.service, events, changes)
        if folded is None:
            result.unreadable += 1
            continue
        for difference in _case(row, folded, stands, check=check):
            result.differences.append(f"{body} case {case_id}: {difference}")


class _Stands:
    """What stands in the tables of some cases, by case."""

    def __init__(self, body: str, cases: list[str]) -> None:
        first_to_last = (cases[0], cases[-1])  # events come in the order of their cases
        here = {"body": body, "case_id__range": first_to_last}
        self.rows = {str(row.id): row for row in Case.objects.filter(body=body, id__range=first_to_last)}
        self.values = _by_case(CaseValue.objects.filter(**here).values_list("case_id", "field", "value"))
        self.agenda = _by_case(Agenda.objects.filter(**here).values_list("case_id", "clock", "at"))
        self.charges = _by_case(
            Charge.objects.filter(**here).values_list("case_id", "name", "due", "paid", "waived")
        )


def _by_case(rows: Iterable[tuple[Any, ...]]) -> dict[str, set[tuple[Any, ...]]]:
    found: dict[str, set[tuple[Any, ...]]] = defaultdict(set)
    for case, *row in rows:
        found[str(case)].add(tuple(row))
    return found


def _fold(
    body: str,
    service: str,
    events: list[StoredEvent],
    changes: dict[tuple[str, int], list[tuple[_Key, dict[str, Any]]]],
) -> dict[str, Any] | None:
    """The document that the events make; None when the matter of one was disposed of."""
    document: dict[str, Any] | None = None
    for event in events:
        groups = {stored.group: orjson.loads(event.open(body, stored)) for stored in event.contents}
        if MATTER not in groups:
            return None
        said = content.merge(groups)
        document = fold(document, said["changes"])
        changes[event.case, event.seq] = [
            ((service, effect["registry"], effect["key"]), effect["set"])
            for effect in said.get("effects", ())
            if effect["kind"] == "record"
        ]
    return document


def _case(row: Case, document: Mapping[str, Any], there: _Stands, *, check: bool) -> Iterator[str]:
    case_id = str(row.id)
    procedure = editions.get(row.edition).procedures[row.procedure]
    state = state_from_json(procedure, document, id=case_id, number=row.number, seq=row.seq)
    columns = case_columns(procedure, state)
    stands = {
        "state": row.state, "final": row.final, "title": row.title, "subject": row.subject,
        "due_on": row.due_on.isoformat() if row.due_on else None,
    }  # fmt: skip
    wanted = changed_values(procedure, None, state)["rows"]
    values = {(field, value) for field, value in wanted}
    found = there.values.get(case_id, set())
    agenda = {(name, datetime.fromisoformat(item["at"])) for name, item in agenda_of(state).items()}
    charges = {(name, charge.due, charge.paid, charge.waived) for name, charge in state.charges.items()}
    parts = {
        "document": dict(document) == row.document, "columns": columns == stands, "search values": values == found,
        "agenda": agenda == there.agenda.get(case_id, set()), "charges": charges == there.charges.get(case_id, set()),
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
    for one in pool.each(
        partial(rebuild, check=chosen.check), [chosen.body] if chosen.body else bodies.codes()
    ):
        for difference in one.differences:
            sys.stdout.write(f"{difference}\n")
        result.cases += one.cases
        result.records += one.records
        result.unreadable += one.unreadable
        result.differences += one.differences
    count = len(result.differences)
    sys.stdout.write(
        f"{result.cases} cases and {result.records} records: {f'{count} differences' if count else 'no difference'}"
        + (f", {result.unreadable} cases whose content was disposed of\n" if result.unreadable else "\n")
    )
    return 1 if count and chosen.check else 0
