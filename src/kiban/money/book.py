"""The collections ledger (収納簿) of a service in a body: entries with their case and payer, totals, running total.

All functions run in an open scope. Days are book days. What moves money stands in the book; what is claimed or waived
is asked for with `what="all"`, what is still owed or was paid too much by `standing`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from django.db.models import Case as When
from django.db.models import Count, F, Q, QuerySet, Sum, Value
from django.db.models import When as Is

from kiban.access.scope import current
from kiban.cases import queries
from kiban.cases.models import Case, Charge
from kiban.cases.paging import Page, decode, encode
from kiban.definitions import editions
from kiban.kernel.definitions.compile import CompiledProcedure, CompiledService
from kiban.kernel.definitions.model import Label
from kiban.kernel.sight import sight
from kiban.money.entries import BACK, MOVING, signed
from kiban.money.models import Entry

_ORDER = ("book_day", "at", "case_id", "seq", "line")
_MOST = 500
_CHUNK = 500

DO_LABELS: Mapping[str, Label] = {
    "raise": Label(ja="請求", en="Charged"),
    "settle": Label(ja="収納", en="Paid"),
    "refund": Label(ja="還付", en="Refunded"),
    "repay": Label(ja="過誤納還付", en="Overpayment repaid"),
    "void": Label(ja="収納取消", en="Payment taken back"),
    "waive": Label(ja="免除", en="Waived"),
    "cancel": Label(ja="請求取消", en="Claim taken back"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """What of the book is asked for: book days from–to (both included), a charge, a way to pay, a search text."""

    from_day: date
    to_day: date
    charge: str = ""
    method: str = ""
    text: str = ""
    what: Literal["moving", "all"] = "moving"


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as it is read: with its case, its payer (empty where it may not be seen) and the running total."""

    entry: Entry
    number: str
    payer: str
    moved: int
    running: int

    @property
    def taken(self) -> int:
        """What came in."""
        return self.entry.amount if self.entry.do == "settle" else 0

    @property
    def back(self) -> int:
        """What went out or was taken back."""
        return self.entry.amount if self.entry.do in BACK else 0


@dataclass(frozen=True, slots=True)
class Total:
    """Sums of what came in and what went back, and how many entries."""

    taken: int = 0
    back: int = 0
    count: int = 0

    @property
    def net(self) -> int:
        return self.taken - self.back

    def __add__(self, other: Total) -> Total:
        return Total(self.taken + other.taken, self.back + other.back, self.count + other.count)


def lines(
    compiled: CompiledService,
    choice: Choice,
    roles: Collection[str],
    *,
    limit: int = 100,
    cursor: str | None = None,
) -> Page[Line]:
    """A page of the book, the earliest first. Raises paging.BadCursor."""
    rows, begin = chosen(compiled, choice, roles), 0
    limit = max(1, min(limit, _MOST))
    if cursor is not None:
        rows, begin = _after(rows, cursor)
    found = list(rows.order_by(*_ORDER)[: limit + 1])
    following = _place(found[limit - 1]) if len(found) > limit else None
    return Page(list(_read(found[:limit], roles, begin)), following)


def every(compiled: CompiledService, choice: Choice, roles: Collection[str], most: int) -> Iterator[Line]:
    """All lines of a choice, at most `most`, for an export."""
    rows = chosen(compiled, choice, roles).order_by(*_ORDER)[:most]
    running = 0
    batch: list[Entry] = []
    for entry in rows.iterator(chunk_size=_CHUNK):
        batch.append(entry)
        if len(batch) == _CHUNK:
            for line in _read(batch, roles, running):
                running = line.running
                yield line
            batch = []
    yield from _read(batch, roles, running)


def totals(compiled: CompiledService, choice: Choice, roles: Collection[str]) -> dict[tuple[str, str], Total]:
    """Sums by (charge, way to pay) of what moves money."""
    rows = chosen(compiled, replace(choice, what="moving"), roles)
    found: dict[tuple[str, str], Total] = {}
    for charge, method, do, amount, count in sums(rows):
        one = Total(amount if do == "settle" else 0, amount if do in BACK else 0, count)
        found[charge, method] = found.get((charge, method), Total()) + one
    return dict(sorted(found.items()))


def sums(rows: QuerySet[Entry]) -> Iterable[tuple[str, str, str, int, int]]:
    """(charge, method, do, amount, count) of the entries."""
    grouped = rows.values_list("charge", "method", "do").annotate(amount=Sum("amount"), count=Count("line"))
    return grouped.order_by("charge", "method", "do")


def chosen(compiled: CompiledService, choice: Choice, roles: Collection[str]) -> QuerySet[Entry]:
    """The entries of a choice, unordered."""
    rows = Entry.objects.filter(
        body=current().body, service=compiled.service.slug, book_day__range=(choice.from_day, choice.to_day)
    )
    if choice.what == "moving":
        rows = rows.filter(do__in=MOVING)
    if choice.charge:
        rows = rows.filter(charge=choice.charge)
    if choice.method:
        rows = rows.filter(method=choice.method)
    if choice.text.strip():
        rows = rows.filter(_meant(compiled, choice.text, roles))
    return rows


def _meant(compiled: CompiledService, text: str, roles: Collection[str]) -> Q:
    """The entries of the cases that a text means (the first 200), and those whose receipt or reference it is."""
    found = queries.inbox(compiled, text=text, final=None, roles=roles, limit=200)
    plain = text.strip()[:100]
    return Q(case_id__in=[row.id for row in found.rows]) | Q(receipt=plain) | Q(reference=plain)


def of_case(case_id: UUID) -> list[Entry]:
    """The entries of a case, in order."""
    return list(Entry.objects.filter(body=current().body, case_id=case_id).order_by("seq", "line"))


@dataclass(frozen=True, slots=True)
class Standing:
    """A charge that is not even: `balance` is owed, or (below 0) was paid too much (過誤納)."""

    case: Case
    charge: str
    label: Label
    payer: str
    due: int
    paid: int
    waived: int
    updated_at: datetime

    @property
    def balance(self) -> int:
        return self.due - self.paid - self.waived

    @property
    def excess(self) -> int:
        return max(0, -self.balance)


def standing(
    compiled: CompiledService, kind: Literal["owed", "excess"], roles: Collection[str], most: int = 500
) -> list[Standing]:
    """Charges that are still owed, or that were paid too much; the longest unchanged first."""
    body = current().body
    balance = F("due") - F("paid") - F("waived")
    rows = Charge.objects.filter(body=body).annotate(left=balance)
    rows = rows.filter(left__gt=0) if kind == "owed" else rows.filter(left__lt=0)
    rows = rows.filter(case_id__in=Case.objects.filter(body=body, service=compiled.service.slug).values("id"))
    charges = list(rows.order_by("updated_at", "case_id", "name")[:most])
    cases = _cases(body, (row.case_id for row in charges))
    return [
        Standing(
            case, row.name, label_of(editions.get(case.edition), row.name), payer_of(case, row.name, roles),
            row.due, row.paid, row.waived, row.updated_at,
        )
        for row in charges
        if (case := cases.get(row.case_id)) is not None
    ]  # fmt: skip


def label_of(compiled: CompiledService, charge: str) -> Label:
    """What a charge is called."""
    procedure = next((p for p in compiled.procedures.values() if charge in p.charges), None)
    return procedure.charge_label(charge) if procedure is not None else Label(ja=charge)


def account_of(compiled: CompiledService, charge: str) -> Label:
    """The heading under which a charge is booked (歳入科目): its own, else its name."""
    kind = compiled.service.charges.get(charge)
    return label_of(compiled, charge) if kind is None or kind.account is None else kind.account


def method_labels(compiled: CompiledService) -> dict[str, Label]:
    """The ways to pay, as the edition lists them."""
    word = compiled.service.payments
    items = compiled.service.codes[word.methods].items if word is not None else {}
    return {code: item.label for code, item in items.items()}


def payer_of(case: Case, charge: str, roles: Collection[str]) -> str:
    """Who pays (納入者): the field that the service names, where the roles may read it; else nothing."""
    procedure = editions.get(case.edition).procedures[case.procedure]
    kind = procedure.service.charges.get(charge)
    name = kind.payer if kind is not None else None
    if name is None or not _reads(procedure, name, roles):
        return ""
    codec, stored = procedure.codecs.get(name), case.document["values"].get(name)
    return codec.display(codec.from_json(stored), "ja") if codec is not None and stored is not None else ""


def _reads(procedure: CompiledProcedure, name: str, roles: Collection[str]) -> bool:
    return name in sight(procedure, roles).names


def _read(entries: list[Entry], roles: Collection[str], running: int) -> Iterator[Line]:
    cases = _cases(current().body, (entry.case_id for entry in entries))
    for entry in entries:
        case = cases.get(entry.case_id)
        moved = signed(entry.do, entry.amount)
        running += moved
        if case is not None:
            yield Line(entry, case.number, payer_of(case, entry.charge, roles), moved, running)


def _cases(body: str, ids: Iterable[UUID]) -> dict[UUID, Case]:
    return {row.id: row for row in Case.objects.filter(body=body, id__in=set(ids))}


def _place(entry: Entry) -> str:
    return encode(
        [entry.book_day.isoformat(), entry.at.isoformat(), str(entry.case_id), entry.seq, entry.line]
    )


def _after(rows: QuerySet[Entry], cursor: str) -> tuple[QuerySet[Entry], int]:
    """The rows after a cursor, and what the ones up to it sum up to."""
    day, at, case, seq, line = _decoded(cursor)
    same_at = Q(book_day=day, at=at)
    beyond = (
        Q(book_day__gt=day) | Q(book_day=day, at__gt=at) | (same_at & Q(case_id__gt=case))
        | (same_at & Q(case_id=case, seq__gt=seq)) | (same_at & Q(case_id=case, seq=seq, line__gt=line))
    )  # fmt: skip
    sign = When(Is(do="settle", then=F("amount")), Is(do__in=BACK, then=-F("amount")), default=Value(0))
    before = rows.exclude(beyond).aggregate(sum=Sum(sign))["sum"]
    return rows.filter(beyond), int(before or 0)


def _decoded(cursor: str) -> tuple[date, datetime, UUID, Any, Any]:
    from kiban.cases.paging import BadCursor

    day, at, case, seq, line = decode(cursor, str, str, str, int, int)
    try:
        return date.fromisoformat(str(day)), datetime.fromisoformat(str(at)), UUID(str(case)), seq, line
    except ValueError:
        raise BadCursor("unreadable") from None
