"""A statement beside the book (照合): what agrees, what differs, what only one of the two says.

A line and an entry agree by their reference. Counter payments often have none: what is left is paired by day and
amount, and shown as such. `match` is pure; `matching` reads in an open scope.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from django.db.models import Q

from kiban.access.scope import current
from kiban.kernel.definitions.compile import CompiledService
from kiban.kernel.definitions.model import Label
from kiban.money.entries import MOVING, signed
from kiban.money.models import Entry, Statement
from kiban.money.statements import Line, lines

Kind = Literal["matched", "paired", "differs", "only_ours", "only_theirs"]

KIND_LABELS: dict[Kind, Label] = {
    "differs": Label(ja="金額が異なる", en="Amounts differ"),
    "only_theirs": Label(ja="明細だけにある", en="Only in the statement"),
    "only_ours": Label(ja="収納簿だけにある", en="Only in the book"),
    "paired": Label(ja="日と金額で一致", en="Paired by day and amount"),
    "matched": Label(ja="一致", en="Agrees"),
}


@dataclass(frozen=True, slots=True)
class Pair:
    """One result; `key` names it for whoever settles it (see models.Settled)."""

    kind: Kind
    line: Line | None
    entry: Entry | None

    @property
    def key(self) -> str:
        if self.line is not None:
            return f"line/{self.line.number}"
        assert self.entry is not None
        return f"entry/{self.entry.case_id}/{self.entry.seq}/{self.entry.line}"

    @property
    def anchor(self) -> str:
        """The key as part of an id on a page."""
        return anchor(self.key)

    @property
    def open(self) -> bool:
        """Whether somebody must say something about it."""
        return self.kind in ("differs", "only_ours", "only_theirs")

    @property
    def reference(self) -> str:
        return (self.line.reference if self.line else "") or (self.entry.reference if self.entry else "")


def anchor(key: str) -> str:
    """The key of a pair as part of an id on a page."""
    return key.replace("/", "-")


def matching(compiled: CompiledService, statement: Statement) -> list[Pair]:
    """Every line of a statement and every entry that should stand in it, what differs first."""
    found = lines(statement)
    word = compiled.service.payments
    if word is None or not found:
        return []
    here = Entry.objects.filter(body=current().body, service=compiled.service.slug, do__in=MOVING)
    within = Q(method__in=word.matched, day__range=(statement.from_day, statement.to_day))
    named = Q(reference__in=[line.reference for line in found if line.reference])
    entries = here.filter(within | named).order_by("at", "case_id", "seq", "line")
    order = list(KIND_LABELS)
    return sorted(match(found, entries), key=lambda pair: order.index(pair.kind))


def match(found: Iterable[Line], entries: Iterable[Entry]) -> Iterator[Pair]:
    """Pairs of lines and entries; each of them stands in one pair."""
    by_reference: dict[str, list[Entry]] = defaultdict(list)
    rest: list[Entry] = []
    for entry in entries:
        if entry.reference and entry.do == "settle":
            by_reference[entry.reference].append(entry)
        else:
            rest.append(entry)
    left: list[Line] = []
    for line in found:
        known = by_reference.get(line.reference) if line.reference and line.amount >= 0 else None
        if not known:
            left.append(line)
            continue
        same = next((entry for entry in known if entry.amount == line.amount), known[0])
        known.remove(same)
        yield Pair("matched" if same.amount == line.amount else "differs", line, same)
    yield from _by_amount(left, rest)
    yield from (Pair("only_ours", None, entry) for known in by_reference.values() for entry in known)


def _by_amount(left: Iterable[Line], rest: Iterable[Entry]) -> Iterator[Pair]:
    """What has no common reference, paired by day and amount."""
    waiting: dict[tuple[object, int], list[Entry]] = defaultdict(list)
    for entry in rest:
        waiting[entry.day, signed(entry.do, entry.amount)].append(entry)
    for line in left:
        same = waiting[line.day, line.amount]
        yield Pair("paired", line, same.pop(0)) if same else Pair("only_theirs", line, None)
    yield from (Pair("only_ours", None, entry) for same in waiting.values() for entry in same)
