"""`kiban rebuild [--check] [--body CODE]`: folds the events of every case and compares with what stands in the tables.

State, search values, agenda, charges, the ledger of money and registries are projections of the events. `--check`
names every difference and changes nothing (exit status 1 when there is one); without it the projections of cases are
written anew from the events. Folding never evaluates a rule. Bodies are taken in spans, by as many processes as there
are cores.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.db import OperationalError
from psycopg.errors import SerializationFailure

from kiban.access import bodies
from kiban.access.scope import scope
from kiban.cases import content, rebuild_records
from kiban.cases.events import MATTER
from kiban.cases.ledger import Said, Span, said, spans_of
from kiban.cases.projections import Tables, made_of
from kiban.cases.rebuild_records import Key
from kiban.kernel.state import fold
from kiban.money import closing
from kiban.money import rebuild as rebuild_money
from kiban.ops import pool

_TRIES = 5


@dataclass(slots=True)
class Rebuilt:
    """What was folded and what differed."""

    cases: int = 0
    records: int = 0
    unreadable: int = 0
    differences: list[str] = field(default_factory=list)

    def add(self, other: Rebuilt) -> None:
        """Takes in what another span gave."""
        self.cases += other.cases
        self.records += other.records
        self.unreadable += other.unreadable
        self.differences += other.differences


def rebuild(body: str, *, check: bool) -> Rebuilt:
    """Folds one body's events, span by span. Opens its own scopes."""
    result = Rebuilt()
    for span in spans_of(body):
        result.add(rebuild_span(span, check=check))
    return result


def rebuild_span(span: Span, *, check: bool) -> Rebuilt:
    """Folds the events of a span in one transaction; what concerns the body as a whole comes with its first span.

    Where an act has changed a row that was to be written, the span is folded once more, with that act.
    """
    for _again in range(_TRIES - 1):
        try:
            return _rebuilt(span, check=check)
        except OperationalError as error:
            if not isinstance(error.__cause__, SerializationFailure):
                raise
    return _rebuilt(span, check=check)


def _rebuilt(span: Span, *, check: bool) -> Rebuilt:
    result = Rebuilt()
    with scope(span.body, viewer="rebuild", snapshot=True):
        folding = _Folding(Tables(span), result, check=check)
        for case, events in said(span):
            folding.case(case, events)
        differing = list(rebuild_records.against_events(span, folding.changes))
        differing += rebuild_money.against_events(span, folding.money, folding.folded, check=check)
        if span.begins:
            differing += closing.differing(span.body)
            differing += rebuild_records.against_versions(span.body)
            result.records = rebuild_records.count(span.body)
        result.differences += [f"{span.body} {difference}" for difference in differing]
    return result


class _Folding:
    """The cases of a span, one after the other.

    `changes` gathers what their events set in registries, `money` what they did with charges.
    """

    def __init__(self, tables: Tables, result: Rebuilt, *, check: bool) -> None:
        self.tables, self.result, self.check = tables, result, check
        self.changes: dict[tuple[str, int], list[tuple[Key, dict[str, Any]]]] = {}
        self.money: rebuild_money.Made = {}
        self.folded: set[str] = set()

    def case(self, case: str, events: list[tuple[int, Said]]) -> None:
        self.result.cases += 1
        row = self.tables.rows.get(case)
        if row is None:
            self._differs(case, "is missing")
            return
        document: dict[str, Any] | None = None
        for seq, groups in events:
            if MATTER not in groups:  # it was disposed of
                self.result.unreadable += 1
                return
            document = fold(document, content.changes(groups))
            self.changes[case, seq] = [
                ((row.service, effect["registry"], effect["key"]), effect["set"])
                for effect in groups[MATTER].get("effects", ())
                if effect["kind"] == "record"
            ]
            if money := rebuild_money.made_by(groups):
                self.money[case, seq] = money
        assert document is not None  # a case has an event
        self.folded.add(case)
        made = made_of(row, document)
        differing = self.tables.differences(row, made)
        if not differing:
            return
        self._differs(case, f"{', '.join(differing)} differ from the events")
        if not self.check:
            self.tables.write(row, made)

    def _differs(self, case: str, how: str) -> None:
        self.result.differences.append(f"{self.tables.body} case {case}: {how}")


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
    codes = [chosen.body] if chosen.body else bodies.codes()
    result = Rebuilt()
    for one in pool.each(
        partial(rebuild_span, check=chosen.check), [span for body in codes for span in spans_of(body)]
    ):
        for difference in one.differences:
            sys.stdout.write(f"{difference}\n")
        result.add(one)
    count = len(result.differences)
    sys.stdout.write(
        f"{result.cases} cases and {result.records} records: {f'{count} differences' if count else 'no difference'}"
        + (f", {result.unreadable} cases whose content was disposed of\n" if result.unreadable else "\n")
    )
    return 1 if count and chosen.check else 0
