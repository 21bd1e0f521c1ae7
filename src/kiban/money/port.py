"""The port through which a provider takes payments online; an adapter fills it.

Card numbers never come here: the payer types them on the provider's own pages. We say what is to be paid (`start`), and
the provider says in a signed call from server to server what became of it (`read`). `KIBAN_PAYMENT_ADAPTER` names the
adapter by its dotted path; without one nothing can be paid online. docs/operations.md tells how to write one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Literal, Protocol
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.module_loading import import_string

from kiban.kernel.definitions.model import Label
from kiban.ops.config import ConfigurationError


@dataclass(frozen=True, slots=True)
class Demand:
    """What is to be paid: `amount` in yen until `expires_at` (aware); `reference` is ours and comes back.

    The payer returns to `return_url`; what the provider has to say goes to `notify_url`.
    """

    reference: str
    amount: int
    what: Label
    expires_at: datetime
    return_url: str
    notify_url: str


@dataclass(frozen=True, slots=True)
class Started:
    """Where the payer goes on, and what the provider calls this payment."""

    url: str
    provider_reference: str = ""


@dataclass(frozen=True, slots=True)
class Notification:
    """What the provider says, once read and found authentic. `id` is the same when it says it again."""

    id: str
    reference: str
    kind: Literal["paid", "cancelled", "expired"]
    amount: int | None
    at: datetime


class NotAuthentic(ValueError):
    """A notification that is not the provider's, not for us, or too old; `reason` says which in a word."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotReached(OSError):
    """The provider can't be reached, or does not take the demand."""


class PaymentPort(Protocol):
    """What an adapter does. `hosts` are the hosts to which it may send a payer."""

    name: str
    label: Label
    hosts: tuple[str, ...]

    def start(self, demand: Demand) -> Started:
        """Tells the provider of a payment to come. Raises NotReached."""
        ...

    def read(self, headers: Mapping[str, str], content: bytes) -> Notification:
        """A call of the provider, its signature and age checked; header names in lower case. Raises NotAuthentic."""
        ...


def adapter() -> PaymentPort | None:
    """The adapter of this installation; None without one. Raises ConfigurationError for one that can't be used."""
    return _load(settings.KIBAN_PAYMENT_ADAPTER) if settings.KIBAN_PAYMENT_ADAPTER else None


@lru_cache(maxsize=8)
def _load(path: str) -> PaymentPort:
    try:
        made: PaymentPort = import_string(path)()
    except ImportError as error:
        raise ConfigurationError(f"KIBAN_PAYMENT_ADAPTER: {error}") from error
    if settings.PRODUCTION and getattr(made, "demo_only", False):
        raise ConfigurationError(
            f"KIBAN_PAYMENT_ADAPTER: {path} takes no real money and is for the demo only"
        )
    return made


def leads_to(port: PaymentPort, url: str) -> bool:
    """Whether a payer may be sent there: https on a host of the adapter, or a page of this site."""
    if url.startswith("/") and not url.startswith(("//", "/\\")):
        return True
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" and parts.hostname in port.hosts and parts.username is None
