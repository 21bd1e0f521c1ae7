"""Online payments that parties begin, and what becomes of them.

`offered` says what of a case may be paid online now; `start` begins a payment; `receive` takes what the provider says
and enters it through the one door as `system`, once for each payment however often it is said. Each function opens its
own scopes.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse

from kiban.access import bodies
from kiban.access.scope import scope
from kiban.cases import door, queries
from kiban.cases.queries import CaseView
from kiban.kernel.definitions.compile import CompiledProcedure
from kiban.kernel.definitions.model import Label, OnlinePayment
from kiban.kernel.facts import SYSTEM, CaseState
from kiban.money import port
from kiban.money.book import label_of
from kiban.money.models import Order, Told
from kiban.money.port import Demand, Notification, NotReached
from kiban.ops import clock

_log = logging.getLogger("kiban.money")
ROUTE = "payment"
HOLDS = timedelta(minutes=30)
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
ATTENTION = ("differs", "unbooked")
"""States in which money has come in, and somebody must look."""


class NotOffered(ValueError):
    """This can't be paid online (any more)."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a notification did: booked, replayed, noted, differs, unbooked, unknown."""

    word: str
    order: Order | None = None


def offered(procedure: CompiledProcedure, state: CaseState) -> dict[str, int]:
    """The charges of a case that may be paid online now, with what is open."""
    word = procedure.procedure.online_payment
    if word is None or port.adapter() is None:
        return {}
    charge = state.charges.get(word.charge)
    possible = state.state in procedure.actions[word.act].action.from_
    return {word.charge: charge.balance} if possible and charge is not None and charge.balance > 0 else {}


def start(found: CaseView, charge: str) -> Order:
    """Begins to pay a charge of a case, or goes on with what was begun. Raises NotOffered and port.NotReached."""
    amount, provider = offered(found.procedure, found.state).get(charge), port.adapter()
    if amount is None or provider is None:
        raise NotOffered(charge)
    body, now = found.row.body, clock.now()
    with scope(body):
        rows = Order.objects.filter(body=body, case_id=found.row.id, charge=charge, amount=amount)
        known = (
            rows.filter(state="started", expires_at__gt=now, adapter=provider.name).exclude(url="").first()
        )
        if known is not None:
            return known
        order = Order.objects.create(
            body=body, reference=_reference(body), case_id=found.row.id, service=found.row.service, charge=charge,
            amount=amount, party=found.party, adapter=provider.name, created_at=now, expires_at=now + HOLDS,
        )  # fmt: skip
    try:
        begun = provider.start(_demand(found, order))
        if not port.leads_to(provider, begun.url):
            raise NotReached("the adapter leads to a foreign host")
    except NotReached:
        _change(order, state="failed", problem="not_reached", finished_at=now)
        raise
    return _change(order, url=begun.url, provider_reference=begun.provider_reference[:200])


def of_case(body: str, case_id: Any) -> list[Order]:
    """The payments begun on a case, the latest first; those whose time has passed stand as expired."""
    with scope(body):
        rows = list(Order.objects.filter(body=body, case_id=case_id).order_by("-created_at"))
    return [_as_of_now(row) for row in rows]


def one(body: str, reference: str) -> Order | None:
    """A payment by its reference."""
    with scope(body):
        row = Order.objects.filter(body=body, reference=reference).first()
    return None if row is None else _as_of_now(row)


def receive(said: Notification) -> Result:
    """What a provider says, read and found authentic. May be repeated, may come late, twice, or out of order."""
    body = said.reference.rpartition("-")[0]
    order = one(body, said.reference) if bodies.exists(body) else None
    if order is None:
        _log.warning("a payment is not known", extra={"reason": "reference"})
        return Result("unknown")
    with scope(body):
        known = Told.objects.filter(body=body, id=said.id).first()
    if known is not None:
        return Result("replayed", order)
    if said.kind == "paid":
        word, order = _paid(order, said)
    else:
        word, order = _ended(order, said)
    with scope(body):
        Told.objects.bulk_create(
            [
                Told(
                    body=body, id=said.id, reference=order.reference, kind=said.kind, amount=said.amount, at=said.at,
                    received_at=clock.now(), result=word,
                )
            ],
            ignore_conflicts=True,
        )  # fmt: skip
    _log.info("a provider has spoken", extra={"kind": said.kind, "reason": word})
    return Result(word, order)


def book(order: Order) -> Order:
    """Enters money that has come in: by the act of the edition, else by the one for what can't be entered so."""
    with scope(order.body):
        found = queries.view(order.case_id)
    assert found is not None  # a payment refers to its case
    word = found.procedure.procedure.online_payment
    if word is None:
        return _change(order, state="unbooked", problem="not_offered")
    for act in filter(None, (word.act, word.otherwise)):
        try:
            outcome = _act(found, word, act, order)
        except door.KeyConflict:
            continue  # entered by the other act before
        if outcome.status == "done":
            return _change(order, state="paid", act=act, problem="", finished_at=clock.now())
        assert outcome.refusal is not None
        order.problem = outcome.refusal.code
    return _change(order, state="unbooked", problem=order.problem or "refused", finished_at=clock.now())


def _paid(order: Order, said: Notification) -> tuple[str, Order]:
    if order.state == "paid":
        return "replayed", order  # said again under another id: one payment is entered once
    if said.amount != order.amount:
        changed = _change(order, state="differs", paid_amount=said.amount, finished_at=clock.now())
        return "differs", changed
    booked = book(_change(order, paid_amount=said.amount))
    return ("booked" if booked.state == "paid" else "unbooked"), booked


def _ended(order: Order, said: Notification) -> tuple[str, Order]:
    """Cancelled or expired: only what nothing has become of yet; money that came in stays."""
    if order.state not in ("started", "expired"):
        return "noted", order
    return "noted", _change(order, state=said.kind, finished_at=clock.now())


def _act(found: CaseView, word: OnlinePayment, act: str, order: Order) -> door.Outcome:
    """One payment is one key: whichever act enters it, it is entered once."""
    given = {"amount": order.amount, "method": word.method, "reference": order.reference}
    fields = found.procedure.actions[act].fields
    return door.act(
        order.body, order.service, None, order.case_id, act, SYSTEM,
        {name: value for name, value in given.items() if name in fields},
        idempotency_key=order.reference, route=ROUTE,
    )  # fmt: skip


def _demand(found: CaseView, order: Order) -> Demand:
    site = settings.BASE_URL
    back = reverse("my-case-payment", args=[order.body, order.case_id, order.reference])
    return Demand(
        order.reference, order.amount, label_of(found.compiled, order.charge), order.expires_at, f"{site}{back}",
        f"{site}{reverse('payment-notify')}",
    )  # fmt: skip


def _reference(body: str) -> str:
    """`131229-` and 60 random bits: nobody can guess it, and everybody can read it out."""
    return f"{body}-{''.join(secrets.choice(_ALPHABET) for _ in range(12))}"


def _as_of_now(order: Order) -> Order:
    if order.state == "started" and order.expires_at <= clock.now():
        order.state = "expired"
    return order


def _change(order: Order, **columns: Any) -> Order:
    with scope(order.body):
        Order.objects.filter(body=order.body, reference=order.reference).update(**columns)
    for name, value in columns.items():
        setattr(order, name, value)
    return order


def provider_label() -> Label | None:
    """What the provider of this installation is called."""
    found = port.adapter()
    return None if found is None else found.label
