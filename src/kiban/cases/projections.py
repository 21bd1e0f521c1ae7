"""What stands of cases in the tables beside what their events make: compared for many cases at once, and written anew.

State, columns, search values, agenda and charges are projections of the events. Each table is read once for a span
of cases; nothing of a rule is evaluated, and only what a row is listed by is brought into internal values.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

import orjson

from kiban.cases.ledger import Span, read
from kiban.cases.models import Agenda, Case, CaseValue, Charge
from kiban.cases.writing import agenda_of, case_columns, changed_values
from kiban.definitions import editions
from kiban.kernel.facts import CaseState
from kiban.kernel.state import put_away, state_from_json

_HERE = "body = %(body)s AND case_id BETWEEN %(first)s AND %(last)s"
_ROWS = """
    SELECT id::text, service, procedure, edition, number, seq, document::text, state, final, title, subject, due_on,
           updated_at
      FROM cases_case WHERE body = %(body)s AND id BETWEEN %(first)s AND %(last)s
"""
_VALUES = f"SELECT case_id::text, array_agg(field || '=' || value) FROM cases_casevalue WHERE {_HERE} GROUP BY case_id"  # noqa: S608
_AGENDA = f"SELECT case_id::text, clock, at, fired FROM cases_agenda WHERE {_HERE}"  # noqa: S608
_CHARGES = f"SELECT case_id::text, name, due, paid, waived FROM cases_charge WHERE {_HERE}"  # noqa: S608


class Row(NamedTuple):
    """A case as it stands in its table."""

    id: str
    service: str
    procedure: str
    edition: str
    number: str
    seq: int
    document: str
    state: str
    final: bool
    title: str
    subject: str
    due_on: date | None
    updated_at: datetime

    def columns(self) -> dict[str, Any]:
        """What `writing.case_columns` gives."""
        return {
            "state": self.state, "final": self.final, "title": self.title, "subject": self.subject,
            "due_on": self.due_on.isoformat() if self.due_on else None,
        }  # fmt: skip


class Made(NamedTuple):
    """What the events of a case make."""

    document: Mapping[str, Any]
    columns: dict[str, Any]
    values: set[str]
    agenda: dict[str, tuple[datetime, bool]]
    charges: set[tuple[str, int, int, int]]


class Tables:
    """The tables of projections for a span of cases, read once, by case."""

    def __init__(self, span: Span) -> None:
        self.body = span.body
        self.rows = {row[0]: Row._make(row) for row in read(_ROWS, span)}
        self.values: dict[str, set[str]] = {case: set(values) for case, values in read(_VALUES, span)}
        self.agenda = _by_case(read(_AGENDA, span))
        self.charges = _by_case(read(_CHARGES, span))

    def differences(self, row: Row, made: Made) -> list[str]:
        """The names of the projections of a case that differ from what its events make."""
        same = {
            "document": orjson.loads(row.document) == made.document,
            "columns": row.columns() == made.columns,
            "search values": self.values.get(row.id, set()) == made.values,
            "agenda": _same_agenda(self.agenda.get(row.id, set()), made.agenda),
            "charges": self.charges.get(row.id, set()) == made.charges,
        }
        return [name for name, is_same in same.items() if not is_same]

    def write(self, row: Row, made: Made) -> None:
        """Writes every projection of a case anew. A clock that was handled and did nothing stays handled."""
        here = {"body": self.body, "case_id": row.id}
        Case.objects.filter(body=self.body, id=row.id).update(document=dict(made.document), **made.columns)
        found = self.values.get(row.id, set())
        for field, value in map(_parted, found - made.values):
            CaseValue.objects.filter(**here, field=field, value=value).delete()
        CaseValue.objects.bulk_create(
            CaseValue(**here, service=row.service, field=field, value=value)
            for field, value in map(_parted, sorted(made.values - found))
        )
        handled = set(Agenda.objects.filter(**here, fired=True).values_list("clock", "at"))
        Agenda.objects.filter(**here).delete()
        Agenda.objects.bulk_create(
            Agenda(**here, clock=clock, at=at, fired=fired or (clock, at) in handled)
            for clock, (at, fired) in made.agenda.items()
        )
        Charge.objects.filter(**here).delete()
        Charge.objects.bulk_create(
            Charge(**here, name=name, due=due, paid=paid, waived=waived, updated_at=row.updated_at)
            for name, due, paid, waived in sorted(made.charges)
        )


def made_of(row: Row, document: Mapping[str, Any]) -> Made:
    """The projections that follow from a case's folded document, under the edition of the case."""
    procedure = editions.get(row.edition).procedures[row.procedure]
    document = put_away(procedure, dict(document))
    state = state_from_json(
        procedure, document, id=row.id, number=row.number, seq=row.seq, only=procedure.listed
    )
    return Made(
        document,
        case_columns(procedure, state),
        {f"{field}={value}" for field, value in changed_values(procedure, None, state)["rows"]},
        _agenda(state),
        {(name, charge.due, charge.paid, charge.waived) for name, charge in state.charges.items()},
    )


def _agenda(state: CaseState) -> dict[str, tuple[datetime, bool]]:
    return {
        name: (datetime.fromisoformat(item["at"]), item["fired"]) for name, item in agenda_of(state).items()
    }


def _same_agenda(found: set[tuple[Any, ...]], made: Mapping[str, tuple[datetime, bool]]) -> bool:
    """A clock that has fired is handled in the table; one that did nothing may be handled too."""
    stands = {(clock, at) for clock, at, _fired in found}
    handled = {clock for clock, _at, fired in found if fired}
    return stands == {(clock, at) for clock, (at, _fired) in made.items()} and handled >= {
        clock for clock, (_at, fired) in made.items() if fired
    }


def _by_case(rows: list[tuple[Any, ...]]) -> dict[str, set[tuple[Any, ...]]]:
    found: dict[str, set[tuple[Any, ...]]] = defaultdict(set)
    for case, *rest in rows:
        found[case].add(tuple(rest))
    return found


def _parted(value: str) -> tuple[str, str]:
    """A search value as it is read here: the field's name holds no `=`."""
    field, _equals, key = value.partition("=")
    return field, key
