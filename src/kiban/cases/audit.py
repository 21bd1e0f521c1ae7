"""`kiban audit verify [--body CODE]`: recomputes every chain, every content digest, every root; says what differs.

Exit status 0: no difference; 1: differences, each on a line; 2: wrong use.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import orjson

from kiban.access import bodies
from kiban.access.scope import scope
from kiban.cases.content import data_digest
from kiban.cases.events import MATTER, NO_PREV, digest
from kiban.cases.ledger import StoredEvent, stored_events
from kiban.cases.models import Case, Root
from kiban.cases.roots import root_hash
from kiban.cases.sealing import ContentUnreadable
from kiban.documents.models import Document


@dataclass(slots=True)
class Report:
    """What was verified, and every difference in words."""

    bodies: int = 0
    cases: int = 0
    events: int = 0
    contents: int = 0
    disposed: int = 0
    roots: int = 0
    documents: int = 0
    differences: list[str] = field(default_factory=list)


def verify(body: str, report: Report | None = None) -> Report:
    """Verifies one body's chains in one snapshot. Opens its own scope."""
    report = report if report is not None else Report()
    with scope(body, viewer="audit", snapshot=True):
        before = report.events
        for difference in _Verifier(body, report).differences():
            report.differences.append(f"{body} {difference}")
        report.bodies += report.events > before
    return report


class _Verifier:
    def __init__(self, body: str, report: Report) -> None:
        self.body, self.report = body, report
        self.heads: dict[str, tuple[int, bytes]] = {}
        self.hashes: dict[tuple[str, int], bytes] = {}
        self.issued: dict[str, str] = {}

    def differences(self) -> Iterator[str]:
        for event in stored_events():
            self.report.events += 1
            yield from self._event(event)
        yield from self._cases()
        yield from self._documents()
        yield from self._roots()

    def _event(self, event: StoredEvent) -> Iterator[str]:
        name = f"case {event.case} event {event.seq}"
        seq, head = self.heads.get(event.case, (0, NO_PREV))
        if event.seq != seq + 1:
            yield f"{name}: event {seq + 1} is missing"
        elif event.prev != head:
            yield f"{name}: does not follow the event before it"
        if event.computed_hash(self.body) != event.hash:
            yield f"{name}: was changed (its hash differs)"
        self.heads[event.case] = (event.seq, event.hash)
        self.hashes[event.case, event.seq] = event.hash
        there = set()
        for stored in event.contents:
            there.add(stored.group)
            self.report.contents += 1
            yield from self._content(event, stored.group, name)
        self.report.disposed += len(set(event.digests) - there)

    def _content(self, event: StoredEvent, group: str, name: str) -> Iterator[str]:
        stored = next(item for item in event.contents if item.group == group)
        try:
            content = event.open(self.body, stored)
        except ContentUnreadable as error:
            yield f"{name}: content '{group}': {error}"
            return
        if event.digests.get(group) != digest(stored.salt, content):
            yield f"{name}: content '{group}' is not what was digested"
        elif group == MATTER:
            for effect in orjson.loads(content).get("effects", ()):
                if effect["kind"] == "document":
                    self.issued[effect["id"]] = effect["data"]

    def _cases(self) -> Iterator[str]:
        rows = Case.objects.filter(body=self.body).values_list("id", "seq", "head")
        for case_id, seq, head in rows.iterator(chunk_size=2000):
            self.report.cases += 1
            last = self.heads.pop(str(case_id), None)
            if last is None:
                yield f"case {case_id}: has no event"
            elif last != (seq, bytes(head)):
                yield f"case {case_id}: stands at event {seq}, its chain ends with another at {last[0]}"
        for case_id in self.heads:
            yield f"case {case_id}: has events but no row"

    def _documents(self) -> Iterator[str]:
        for row in Document.objects.filter(body=self.body).iterator(chunk_size=200):
            self.report.documents += 1
            expected = self.issued.pop(str(row.id), None)
            if expected != data_digest(row.data):
                yield f"case {row.case_id} document {row.id}: its data is not what the event issued"
            if row.pdf is not None and hashlib.sha256(bytes(row.pdf)).hexdigest() != row.sha256:
                yield f"case {row.case_id} document {row.id}: the file was changed"
        for document in self.issued:
            yield f"document {document}: was issued and is not there"

    def _roots(self) -> Iterator[str]:
        prev = NO_PREV
        for row in Root.objects.filter(body=self.body).order_by("day"):
            self.report.roots += 1
            covered = [(case, seq, self.hashes.get((case, seq), b"").hex()) for case, seq in row.covered]
            lost = [f"{case}/{seq}" for case, seq, found in covered if not found]
            if lost:
                yield f"root of {row.day}: covered events are missing: {', '.join(lost[:10])}"
            elif bytes(row.prev) != prev or root_hash(self.body, row.day, prev, covered) != bytes(row.root):
                yield f"root of {row.day}: differs"
            prev = bytes(row.root)


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
    """Verifies these bodies and prints what differs; exit status 1 when something does."""
    report = Report()
    for body in codes:
        already = len(report.differences)
        verify(body, report)
        for difference in report.differences[already:]:
            sys.stdout.write(f"{difference}\n")
    found = len(report.differences)
    sys.stdout.write(
        f"{report.events} events of {report.cases} cases in {report.bodies} bodies, {report.contents} contents "
        f"({report.disposed} disposed of), {report.documents} documents, {report.roots} roots: "
        f"{f'{found} differences' if found else 'no difference'}\n"
    )
    return 1 if found else 0
