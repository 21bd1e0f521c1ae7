"""From what an act did with charges to the rows of the ledger; pure. The door writes them, rebuilding compares them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

MOVING = ("settle", "refund", "repay", "void")
"""What moves money: in by `settle`, out (or back) by the others. `raise`, `waive` and `cancel` change what is owed."""

BACK = ("refund", "repay", "void")


def rows(effects: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The ledger's rows of one act, from its effects as the event says them (`kiban.cases.content`)."""
    charges = (effect for effect in effects if effect["kind"] == "charge")
    return [
        {
            "line": place, "charge": effect["name"], "do": effect["do"], "amount": effect["amount"],
            "method": effect["method"], "reference": effect.get("reference", ""),
            "receipt": effect.get("receipt", ""),
        }
        for place, effect in enumerate(charges, start=1)
    ]  # fmt: skip


def signed(do: str, amount: int) -> int:
    """The amount as it moves the till: positive in, negative out, 0 for what moves no money."""
    return amount if do == "settle" else -amount if do in BACK else 0
