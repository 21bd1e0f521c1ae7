"""The tables of money. Every one is partitioned by `body` and protected by row-level security.

`Entry` is a projection of the events, written by the one door with each act (`kiban_append`) and compared by
`./kiban rebuild --check`. The others are facts of their own: what was counted, what a provider has said.
Amounts are integer yen, days civil dates of Asia/Tokyo.
"""

from __future__ import annotations

from django.db import models
from uuid_utils.compat import uuid7

from kiban.access.tenancy import Tenant

_EVENT = ((("body", "case_id", "seq"), "cases_event", ("body", "case_id", "seq")),)
_CASE = ((("body", "case_id"), "cases_case", ("body", "id")),)


class Book(Tenant):
    """The book of a service in a body: its row is held while a day is closed and while money is entered."""

    service = models.TextField()
    pk = models.CompositePrimaryKey("body", "service")


class Entry(Tenant):
    """One change of a charge: what an act did (`do`) with which amount. `day` is its own day, `book_day` the day under
    which it is booked: a later one where its own day was closed already. `line` is its place in the act.
    """

    case_id = models.UUIDField()
    seq = models.IntegerField()
    line = models.SmallIntegerField()
    service = models.TextField()
    procedure = models.TextField()
    charge = models.TextField()
    do = models.TextField()
    amount = models.BigIntegerField()
    method = models.TextField(blank=True)
    reference = models.TextField(blank=True)
    receipt = models.TextField(blank=True)
    day = models.DateField()
    book_day = models.DateField()
    at = models.DateTimeField()
    actor = models.TextField()
    pk = models.CompositePrimaryKey("body", "case_id", "seq", "line")
    references = _EVENT

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("body", "service", "receipt"), name="receipt_once", condition=~models.Q(receipt="")
            ),
        )
        indexes = (
            models.Index(
                fields=("body", "service", "book_day", "at", "case_id", "seq", "line"), name="entry_order"
            ),
            models.Index(
                fields=("body", "service", "reference"),
                name="entry_reference",
                condition=~models.Q(reference=""),
            ),
        )


class Closing(Tenant):
    """A day that was counted and closed (締め). Never changed: a day that is opened again keeps the row with who
    opened it and why, and is closed again by another one (`turn`).

    `counts` {yen: pieces} or empty where only the total was counted; `totals` [{charge, method, do, count, amount}].
    """

    service = models.TextField()
    day = models.DateField()
    turn = models.IntegerField()
    entries = models.IntegerField()
    totals = models.JSONField()
    cash_expected = models.BigIntegerField()
    cash_counted = models.BigIntegerField()
    counts = models.JSONField()
    reason = models.TextField(blank=True)
    by = models.TextField()
    by_name = models.TextField(blank=True)
    at = models.DateTimeField()
    needs_second = models.BooleanField()
    confirmed_by = models.TextField(blank=True, default="")
    confirmed_by_name = models.TextField(blank=True, default="")
    confirmed_at = models.DateTimeField(null=True)
    reopened_by = models.TextField(blank=True, default="")
    reopened_by_name = models.TextField(blank=True, default="")
    reopened_at = models.DateTimeField(null=True)
    reopened_why = models.TextField(blank=True, default="")
    pk = models.CompositePrimaryKey("body", "service", "day", "turn")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("body", "service", "day"), name="closed_once", condition=models.Q(reopened_at=None)
            ),
        )

    @property
    def difference(self) -> int:
        """What was counted above (below: negative) what the book says."""
        return self.cash_counted - self.cash_expected


class Order(Tenant):
    """An online payment that a party has begun. `state`: started, paid, cancelled, expired, unbooked (paid, but no
    act could enter it), differs (paid with another amount). `reference` is ours and goes to the provider.
    """

    reference = models.TextField()
    case_id = models.UUIDField()
    service = models.TextField()
    charge = models.TextField()
    amount = models.BigIntegerField()
    party = models.TextField()
    adapter = models.TextField()
    provider_reference = models.TextField(blank=True, default="")
    url = models.TextField(blank=True, default="")
    state = models.TextField(default="started")
    paid_amount = models.BigIntegerField(null=True)
    act = models.TextField(blank=True, default="")
    problem = models.TextField(blank=True, default="")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    pk = models.CompositePrimaryKey("body", "reference")
    references = _CASE

    class Meta:
        indexes = (
            models.Index(fields=("body", "case_id", "charge", "created_at"), name="order_of_case"),
            models.Index(fields=("body", "service", "state", "created_at"), name="order_state"),
        )


class Told(Tenant):
    """A notification of a provider, each once (`id` is the provider's): the trace of what it said and what it did."""

    id = models.TextField()
    reference = models.TextField()
    kind = models.TextField()
    amount = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    received_at = models.DateTimeField()
    result = models.TextField()
    pk = models.CompositePrimaryKey("body", "id")
    references = ((("body", "reference"), "money_order", ("body", "reference")),)


class Statement(Tenant):
    """A settlement file of a provider or bank. `rows` hold the cells of the chosen columns only, `columns` says which
    of them is what; empty until they are chosen.
    """

    id = models.UUIDField(default=uuid7)
    service = models.TextField()
    name = models.TextField()
    sha256 = models.TextField()
    header = models.JSONField()
    rows = models.JSONField()
    columns = models.JSONField(default=dict)
    from_day = models.DateField(null=True)
    to_day = models.DateField(null=True)
    by = models.TextField()
    by_name = models.TextField(blank=True)
    at = models.DateTimeField()
    pk = models.CompositePrimaryKey("body", "id")

    class Meta:
        indexes = (models.Index(fields=("body", "service", "at"), name="statement_order"),)


class Settled(Tenant):
    """Why a difference between the book and a statement is right as it is, or what was done about it; append-only.

    `key` names it: `line/<n>` of the statement, or `entry/<case>/<seq>/<line>` of the book.
    """

    id = models.UUIDField(default=uuid7)
    statement = models.UUIDField()
    key = models.TextField()
    reason = models.TextField()
    by = models.TextField()
    by_name = models.TextField(blank=True)
    at = models.DateTimeField()
    pk = models.CompositePrimaryKey("body", "id")
    references = ((("body", "statement"), "money_statement", ("body", "id")),)

    class Meta:
        indexes = (models.Index(fields=("body", "statement", "key"), name="settled_of_statement"),)
