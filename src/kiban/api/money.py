"""Money: the collections ledger of a service in a body; payments of a case, and paying it online."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from kiban.access.actors import actor_for, sees_body
from kiban.access.scope import scope
from kiban.api import looking, shapes
from kiban.api.acting import ROOT
from kiban.api.answers import ApiProblem, answer, label, not_found, wrong_input
from kiban.api.auth import Caller, caller
from kiban.api.cases import bad_cursor
from kiban.api.catalogue import current
from kiban.api.reading import body_of, known_body, text
from kiban.cases import queries
from kiban.cases.paging import BadCursor
from kiban.kernel.definitions.model import Label
from kiban.kernel.problems import REQUIRED, Problem
from kiban.money import book, orders
from kiban.money.book import Choice, Line
from kiban.money.models import Entry, Order
from kiban.money.port import NotReached
from kiban.ops import clock

router = Router(auth=Caller(), tags=["money"])


class PaymentItem(Schema):
    """A change of a charge: raise (claimed), settle (paid), refund, repay (paid too much), void, waive; yen."""

    charge: str
    do: str
    label: str
    amount: int
    method: str
    reference: str
    receipt: str
    day: date
    at: datetime


class CollectionItem(PaymentItem):
    """An entry of the ledger: `book_day` is the day under which it is booked, `running` the sum so far."""

    book_day: date
    account: str
    payer: str
    case: str
    number: str
    running: int
    href: str


class CollectionTotal(Schema):
    charge: str
    method: str
    count: int
    taken: int
    back: int
    net: int


class CollectionPage(Schema):
    items: list[CollectionItem]
    totals: list[CollectionTotal]
    next: str | None


class OrderItem(Schema):
    """An online payment that was begun: started, paid, cancelled, expired, failed, differs or unbooked."""

    reference: str
    charge: str
    amount: int
    state: str
    url: str
    created_at: datetime
    expires_at: datetime


class CasePayments(Schema):
    items: list[PaymentItem]
    online: list[OrderItem]
    payable: dict[str, int] = Field(description="What may be paid online now: yen by charge")


class PayBody(Schema):
    charge: str


@router.get(
    "/bodies/{body}/services/{service}/collections",
    response={200: CollectionPage, **shapes.PROBLEMS},
    summary="The collections ledger",
)
def collections(
    request: HttpRequest,
    body: str,
    service: str,
    from_: date | None = Query(None, alias="from", description="First book day; the first of this month"),  # noqa: B008
    to: date | None = Query(None, description="Last book day; today"),  # noqa: B008
    charge: str = Query("", max_length=64),
    method: str = Query("", max_length=64),
    q: str = Query(
        "", max_length=100, description="受付番号, 領収番号, a reference, or a part of the payer's name"
    ),
    all: bool = Query(False, description="Also what was claimed and waived"),
    limit: int = Query(100, ge=1, le=500),
    cursor: str = Query("", max_length=1000),
) -> HttpResponse:
    """For roles that reach the cases of the body. Entries in book order; follow `next` until it is null."""
    known_body(body)
    _edition, compiled = current(service)
    user = caller(request)
    actor = actor_for(user, body, compiled.service, on=clock.today())
    if not sees_body(compiled.service, actor):
        raise not_found()
    today = clock.today()
    choice = Choice(from_ or today.replace(day=1), to or today, charge, method, q, "all" if all else "moving")
    with scope(body, viewer=str(user.id)):
        queries.log_access("collections")
        try:
            page = book.lines(compiled, choice, actor.roles, limit=limit, cursor=cursor or None)
        except BadCursor:
            raise bad_cursor() from None
        totals = book.totals(compiled, choice, actor.roles)
    return answer(
        {
            "items": [{**_entry(line.entry), **_line(line, body, compiled)} for line in page.rows],
            "totals": [
                {"charge": name, "method": way, "count": t.count, "taken": t.taken, "back": t.back, "net": t.net}
                for (name, way), t in totals.items()
            ],
            "next": page.next,
        }
    )  # fmt: skip


@router.get(
    "/bodies/{body}/cases/{case}/payments",
    response={200: CasePayments, **shapes.PROBLEMS},
    summary="Payments of a case",
)
def payments(request: HttpRequest, body: str, case: str) -> HttpResponse:
    """What was charged, paid and given back; online payments that were begun, and what may be paid online now."""
    with looking.seen(request, body, case) as found:
        if found.sight.summary:
            raise not_found()
        view = found.view
        entries = book.of_case(view.row.id)
    begun = orders.of_case(body, view.row.id)
    payable = orders.offered(view.procedure, view.state) if found.actor.kind == "party" else {}
    return answer(
        {
            "items": [_entry(entry) for entry in entries],
            "online": [_order(order) for order in begun],
            "payable": payable,
        }
    )


@router.post(
    "/bodies/{body}/cases/{case}/payments",
    response={201: OrderItem, **shapes.PROBLEMS},
    summary="Begin to pay online",
    openapi_extra=shapes.body_of(PayBody),
)
def pay(request: HttpRequest, body: str, case: str) -> HttpResponse:
    """For the party of the case: `url` is where the payer goes on. Asked again, it goes on with what was begun."""
    charge = text(body_of(request), "charge")
    if not charge:
        words = Label(ja="「charge」を指定してください。", en="`charge` is missing.")
        raise wrong_input([Problem("charge", REQUIRED, words)])
    with looking.seen(request, body, case) as found:
        if found.actor.kind != "party":
            raise not_found()
    try:
        order = orders.start(found.view, charge)
    except orders.NotOffered:
        words = Label(
            ja="いまオンラインで支払うことはできません。", en="This can't be paid online at present."
        )
        raise ApiProblem(409, "not_offered", words) from None
    except NotReached:
        words = Label(ja="決済サービスに接続できませんでした。", en="The payment service can't be reached.")
        raise ApiProblem(503, "unavailable", words, headers={"Retry-After": "60"}) from None
    return answer(_order(order), 201)


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "charge": entry.charge, "do": entry.do, "label": label(book.DO_LABELS[entry.do]), "amount": entry.amount,
        "method": entry.method, "reference": entry.reference, "receipt": entry.receipt, "day": entry.day,
        "at": entry.at,
    }  # fmt: skip


def _line(line: Line, body: str, compiled: Any) -> dict[str, Any]:
    entry = line.entry
    return {
        "book_day": entry.book_day, "account": label(book.account_of(compiled, entry.charge)), "payer": line.payer,
        "case": str(entry.case_id), "number": line.number, "running": line.running,
        "href": f"{ROOT}/bodies/{body}/cases/{entry.case_id}",
    }  # fmt: skip


def _order(order: Order) -> dict[str, Any]:
    url = f"{settings.BASE_URL}{order.url}" if order.url.startswith("/") else order.url
    return {
        "reference": order.reference, "charge": order.charge, "amount": order.amount, "state": order.state,
        "url": url if order.state == "started" else "", "created_at": order.created_at,
        "expires_at": order.expires_at,
    }  # fmt: skip
