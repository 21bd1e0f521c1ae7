"""What the page of a case says of money: payments with their receipts; for its party what may be paid online."""

from __future__ import annotations

from typing import Any

from kiban.access.scope import scope
from kiban.cases.queries import CaseView
from kiban.money import book, orders


def payments(found: CaseView, receipt: str) -> dict[str, Any]:
    """What moved money on the case; `receipt` is the name of the route of a receipt. Opens its own scope."""
    if not found.state.charges:
        return {}
    with scope(found.row.body):
        entries = book.of_case(found.row.id)
    return {
        "payments": [
            (entry, book.DO_LABELS[entry.do], book.label_of(found.compiled, entry.charge))
            for entry in entries
            if entry.do in book.MOVING
        ],
        "methods": book.method_labels(found.compiled), "receipt_route": receipt,
    }  # fmt: skip


def payable(found: CaseView) -> dict[str, Any]:
    """What the party may pay online now, and what it has begun to pay. Opens its own scope."""
    offered = orders.offered(found.procedure, found.state)
    if not offered:
        return {}
    begun = orders.of_case(found.row.body, found.row.id)
    return {
        "payable": [(charge, book.label_of(found.compiled, charge), amount) for charge, amount in offered.items()],
        "under_way": [order for order in begun if order.state == "started" and order.url],
    }  # fmt: skip
