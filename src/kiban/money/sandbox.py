"""A provider that is none: for the demo and for trying things out. It takes no money; its pages say so (見本)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from kiban.kernel.definitions.model import Label
from kiban.money.port import Demand, NotAuthentic, Notification, Started
from kiban.money.signing import headers_for, secret_of, verify


class Sandbox:
    """The adapter: the payer goes to a page of ours that plays the provider."""

    name = "sandbox"
    label = Label(ja="見本決済サービス", en="Sample payment service")
    hosts: tuple[str, ...] = ()
    demo_only = True

    def start(self, demand: Demand) -> Started:
        """The page of the sample provider."""
        return Started(f"/demo/payments/{demand.reference}/", f"sample-{demand.reference[-6:]}")

    def read(self, headers: Mapping[str, str], content: bytes) -> Notification:
        """JSON {reference, kind, amount, at}, signed. Raises NotAuthentic."""
        identity = verify(secret(), headers, content)
        try:
            said = orjson.loads(content)
            amount, at = said.get("amount"), datetime.fromisoformat(said["at"])
            kind, reference = said["kind"], said["reference"]
        except (ValueError, KeyError, AttributeError, TypeError):
            raise NotAuthentic("unreadable") from None
        right = (
            isinstance(reference, str) and (amount is None or type(amount) is int) and at.tzinfo is not None
        )
        if not right or kind not in ("paid", "cancelled", "expired"):
            raise NotAuthentic("unreadable")
        return Notification(identity, reference, kind, amount, at)


def secret() -> str:
    """The secret that the sample provider and this installation share."""
    return secret_of("payment_sandbox")


def says(
    identity: str, reference: str, kind: str, amount: int | None, *, seconds_ago: int = 0
) -> tuple[dict[str, str], bytes]:
    """The call by which the sample provider says what became of a payment: headers and content."""
    now = datetime.now(UTC)
    said: dict[str, Any] = {"reference": reference, "kind": kind, "amount": amount, "at": now.isoformat()}
    content = orjson.dumps(said)
    return headers_for(secret(), identity, content, at=int(now.timestamp()) - seconds_ago), content
