"""What is printed of money: the 日計表 of a day and the 領収証書 of a payment, made anew from the ledger each time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from kiban.cases.models import Case
from kiban.documents.data import body_data
from kiban.documents.render import Renderer
from kiban.kernel.dates import today_in_tokyo
from kiban.kernel.definitions.compile import CompiledService
from kiban.kernel.facts import BodyFacts
from kiban.kernel.wareki import format_wareki
from kiban.money.book import DO_LABELS, account_of, label_of, method_labels
from kiban.money.closing import Day
from kiban.money.entries import BACK
from kiban.money.models import Closing, Entry
from kiban.ops import clock

_BACK_WORDS = {
    "refund": "還付しました",
    "repay": "過誤納として還付しました",
    "void": "収納の記録を取り消しました",
}


def daily(compiled: CompiledService, body: BodyFacts, found: Day) -> bytes:
    """The 日計表 of a book day as PDF."""
    methods, row = method_labels(compiled), found.closing
    data = {
        "document": {"name": "daily", "label": f"日計表 {format_wareki(found.day)}", "number": ""},
        "body": body_data(body, compiled.service),
        "day": _day(compiled, found, row),
        "sums": [
            {
                "account": account_of(compiled, one.charge).ja,
                "method": methods[one.method].ja if one.method in methods else "―",
                "do": DO_LABELS[one.do].ja, "count": f"{one.count:,}", "amount": f"{one.moved:,}",
            }
            for one in found.sums
        ],
        "pieces": [
            {"yen": f"{int(yen):,}", "count": f"{n:,}", "amount": f"{int(yen) * n:,}"}
            for yen, n in sorted((row.counts if row else {}).items(), key=lambda item: -int(item[0]))
        ],
    }  # fmt: skip
    return _renderer().render("daily", data, at=row.at if row else clock.now(), missing="replace")


def _day(compiled: CompiledService, found: Day, row: Closing | None) -> dict[str, str]:
    said = {
        "service": compiled.service.label.ja, "date_text": format_wareki(found.day), "state": _state(row),
        "entries": f"{found.entries:,}", "net": f"{found.net:,}", "expected": f"{found.cash:,}",
        "counted": f"{row.cash_counted:,}" if row else "―", "difference": f"{row.difference:+,}" if row else "―",
        "reason": row.reason if row else "", "by": f"{row.by_name}（{_moment(row.at)}）" if row else "―",
        "confirmed": "―",
    }  # fmt: skip
    if row is not None and row.confirmed_at is not None:
        said["confirmed"] = f"{row.confirmed_by_name}（{_moment(row.confirmed_at)}）"
    said["reopened"] = "、".join(
        f"{past.turn}回目の締め: {past.reopened_by_name}（{_moment(past.reopened_at)}）{past.reopened_why}"
        for past in found.closings
        if past.reopened_at is not None
    )
    return said


def _state(row: Closing | None) -> str:
    if row is None:
        return "締めていません"
    return "確認待ち" if row.needs_second and row.confirmed_at is None else "締め済み"


def _moment(at: Any) -> str:
    from kiban.kernel.dates import JST

    return f"{format_wareki(today_in_tokyo(at))} {at.astimezone(JST):%H:%M}"


def receipt(
    compiled: CompiledService,
    body: BodyFacts,
    case: Case,
    entry: Entry,
    all_of_case: Sequence[Entry],
    payer: str,
) -> bytes:
    """The 領収証書 of a payment as PDF; it says what of it was given back or taken back since."""
    methods = method_labels(compiled)
    said = {
        "number": entry.receipt, "date_text": format_wareki(entry.day), "payer": payer, "amount": f"{entry.amount:,}",
        "account": account_of(compiled, entry.charge).ja, "label": label_of(compiled, entry.charge).ja,
        "method": methods[entry.method].ja if entry.method in methods else "―", "case": case.number,
        "reference": entry.reference, "corrected": "".join(corrections(entry, all_of_case)),
    }  # fmt: skip
    data = {
        "document": {"name": "receipt", "label": "領収証書", "number": entry.receipt},
        "body": body_data(body, compiled.service), "receipt": said,
    }  # fmt: skip
    latest = max(one.at for one in all_of_case)
    return _renderer().render("receipt", data, at=latest, missing="replace")


def corrections(entry: Entry, all_of_case: Iterable[Entry]) -> list[str]:
    """What went back of this payment, in words: money that goes back is that of the latest payment still there."""
    payments: list[tuple[Entry, int]] = []
    found = []
    for one in all_of_case:
        if one.charge != entry.charge:
            continue
        if one.do == "settle":
            payments.append((one, one.amount))
        elif one.do in BACK:
            left = one.amount
            while left > 0 and payments:
                payment, amount = payments.pop()
                part = min(left, amount)
                left -= part
                if amount > part:
                    payments.append((payment, amount - part))
                if payment == entry:
                    day = format_wareki(one.day)
                    found.append(f"このうち{part:,}円は、{day}に{_BACK_WORDS[one.do]}。")
    return found


@lru_cache(maxsize=1)
def _renderer() -> Renderer:
    return Renderer(Path(__file__).resolve().parent / "documents")
