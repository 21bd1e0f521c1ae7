"""`kiban audit verify [--body CODE]`: recomputes every chain, every content digest, every root; says what differs.

Exit status 0: no difference; 1: differences, each on a line; 2: wrong use.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields

import orjson
from django.db import connection

from kiban.access import bodies
from kiban.access.scope import scope
from kiban.cases.content import data_digest
from kiban.cases.events import MATTER, NO_PREV, ChainedEvent, digest
from kiban.cases.ledger import Span, read, spans_of, stored_events
from kiban.cases.models import Root
from kiban.cases.roots import root_hash
from kiban.cases.sealing import ContentUnreadable
from kiban.documents.models import Document
from kiban.ops import pool

_HEADS = """
    SELECT id::text, seq, head FROM cases_case WHERE body = %(body)s AND id BETWEEN %(first)s AND %(last)s ORDER BY id
"""
_COVERED = """
    SELECT c.head->>0, (c.head->>1)::integer, encode(e.hash, 'hex')
      FROM cases_root r
     CROSS JOIN jsonb_array_elements(r.covered) WITH ORDINALITY AS c(head, place)
      LEFT JOIN cases_event e
        ON e.body = r.body AND e.case_id = (c.head->>0)::uuid AND e.seq = (c.head->>1)::integer
     WHERE r.body = %s AND r.day = %s ORDER BY c.place
"""
_SOME = 10  # lost events that a line names


@dataclass(slots=True)
class Report:
    """What was verified, and every difference in words."""

    cases: int = 0
    events: int = 0
    contents: int = 0
    disposed: int = 0
    roots: int = 0
    documents: int = 0
    differences: list[str] = field(default_factory=list)

    def add(self, other: Report) -> None:
        """Takes in what another span gave."""
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))


def verify(body: str) -> Report:
    """Verifies one body's chains, span by span. Opens its own scopes."""
    report = Report()
    for span in spans_of(body):
        report.add(verify_span(span))
    return report


def verify_span(span: Span) -> Report:
    """Verifies a span's chains in one snapshot; the roots of the body come with its first span."""
    report = Report()
    with scope(span.body, viewer="audit", snapshot=True):
        for difference in _Verifier(span, report).differences():
            report.differences.append(f"{span.body} {difference}")
        if span.begins:
            report.differences += [f"{span.body} {difference}" for difference in _roots(span.body, report)]
    return report


class _Verifier:
    """The chains of a span."""

    def __init__(self, span: Span, report: Report) -> None:
        self.span, self.report = span, report
        self.heads: dict[str, tuple[int, bytes]] = {}
        self.issued: dict[str, str] = {}
        self.ended: set[str] = set()

    def differences(self) -> Iterator[str]:
        for event in stored_events(self.span):
            self.report.events += 1
            yield from self._event(event)
        yield from self._cases()
        yield from self._documents()

    def _event(self, event: ChainedEvent) -> Iterator[str]:
        name = f"case {event.case} event {event.seq}"
        seq, head = self.heads.get(event.case, (0, NO_PREV))
        if event.seq != seq + 1:
            yield f"{name}: event {seq + 1} is missing"
        elif event.prev != head:
            yield f"{name}: does not follow the event before it"
        if event.computed_hash() != event.hash:
            yield f"{name}: was changed (its hash differs)"
        self.heads[event.case] = (event.seq, event.hash)
        for content in event.contents:
            self.report.contents += 1
            try:
                said = event.open(content)
            except ContentUnreadable as error:
                yield f"{name}: content '{content.group}': {error}"
                continue
            if event.digests.get(content.group) != digest(content.salt, said):
                yield f"{name}: content '{content.group}' is not what was digested"
            elif content.group == MATTER:
                self._note_issued(said)
        self.report.disposed += len(event.digests.keys() - {content.group for content in event.contents})

    def _note_issued(self, said: bytes) -> None:
        if b'"document"' not in said and b'"withdrawal"' not in said:
            return  # cheaper than reading what issues nothing
        for effect in orjson.loads(said).get("effects", ()):
            if effect["kind"] == "document":
                self.issued[effect["id"]] = effect["data"]
                self.ended.update(old["id"] for old in effect.get("replaces", ()))
            elif effect["kind"] == "withdrawal":
                self.ended.update(old["id"] for old in effect["documents"])

    def _cases(self) -> Iterator[str]:
        for case_id, seq, head in read(_HEADS, self.span):
            self.report.cases += 1
            last = self.heads.pop(case_id, None)
            if last is None:
                yield f"case {case_id}: has no event"
            elif last != (seq, head):
                yield f"case {case_id}: stands at event {seq}, its chain ends with another at {last[0]}"
        for case_id in self.heads:
            yield f"case {case_id}: has events but no row"

    def _documents(self) -> Iterator[str]:
        here = (self.span.first, self.span.last)
        rows = Document.objects.filter(body=self.span.body, case_id__range=here)
        for row in rows.iterator(chunk_size=200):
            self.report.documents += 1
            expected = self.issued.pop(str(row.id), None)
            if expected != data_digest(row.data):
                yield f"case {row.case_id} document {row.id}: its data is not what the event issued"
            if (row.ended_at is not None) != (str(row.id) in self.ended):
                yield f"case {row.case_id} document {row.id}: the events say otherwise whether it stands"
            if row.pdf is not None and hashlib.sha256(bytes(row.pdf)).hexdigest() != row.sha256:
                yield f"case {row.case_id} document {row.id}: the file was changed"
        for document in self.issued:
            yield f"document {document}: was issued and is not there"


def _roots(body: str, report: Report) -> Iterator[str]:
    """The roots of a body, each over the heads that its events give."""
    prev = NO_PREV
    for row in Root.objects.filter(body=body).order_by("day").defer("covered"):
        report.roots += 1
        covered = _Covered(body, row)
        root = root_hash(body, row.day, prev, covered)
        if covered.lost:
            yield f"root of {row.day}: covered events are missing: {', '.join(covered.lost)}"
        elif bytes(row.prev) != prev or root != bytes(row.root):
            yield f"root of {row.day}: differs"
        prev = bytes(row.root)


class _Covered:
    """The heads that a root covers, read as they are hashed: a day may cover every case of a body."""

    def __init__(self, body: str, row: Root) -> None:
        self.body, self.row = body, row
        self.lost: list[str] = []

    def __iter__(self) -> Iterator[tuple[str, int, str]]:
        with connection.chunked_cursor() as cursor:
            cursor.execute(_COVERED, [self.body, self.row.day])
            for case, seq, found in cursor:
                if found is None and len(self.lost) < _SOME:
                    self.lost.append(f"{case}/{seq}")
                yield case, seq, found or ""


def main(argv: Sequence[str]) -> int:
    """The command line: see the module."""
    parser = argparse.ArgumentParser(prog="./kiban audit", description="Verify the chains of events.")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("verify", help="recompute every chain, digest and root")
    command.add_argument("--body", help="only this body (code); default: all")
    chosen = parser.parse_args(list(argv))
    if chosen.body and not bodies.exists(chosen.body):
        sys.stderr.write(f"kiban audit: there is no body {chosen.body!r}\n")
        return 2
    return verify_all([chosen.body] if chosen.body else bodies.codes())


def verify_all(codes: Iterable[str]) -> int:
    """Verifies these bodies in all cores and prints what differs; exit status 1 when something does."""
    report, seen = Report(), set[str]()
    todo = [span for body in codes for span in spans_of(body)]
    for span, one in zip(todo, pool.each(verify_span, todo), strict=True):
        report.add(one)
        if one.events:
            seen.add(span.body)
        for difference in one.differences:
            sys.stdout.write(f"{difference}\n")
    found = len(report.differences)
    sys.stdout.write(
        f"{report.events} events of {report.cases} cases in {len(seen)} bodies, {report.contents} contents "
        f"({report.disposed} disposed of), {report.documents} documents, {report.roots} roots: "
        f"{f'{found} differences' if found else 'no difference'}\n"
    )
    return 1 if found else 0
