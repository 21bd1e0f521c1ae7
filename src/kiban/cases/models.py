"""The tables of cases. Every one is partitioned by `body` and protected by row-level security (kiban.access.tenancy).

Written by the one door (`kiban.cases.door`) and read by `kiban.cases.queries`; nobody else writes them.
`document` is the folded state of a case as one JSON document; the searchable columns beside it are projections
of it, and the events are the truth of both (`kiban.cases.rebuild` compares).
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from uuid_utils.compat import uuid7

from kiban.access.tenancy import Tenant

_CASE = ((("body", "case_id"), "cases_case", ("body", "id")),)


class Case(Tenant):
    """案件. `number` is the 受付番号; `party` the owner's partition; `head` the hash of the last event."""

    id = models.UUIDField(default=uuid7)
    service = models.TextField()
    procedure = models.TextField()
    edition = models.TextField()
    number = models.TextField()
    state = models.TextField()
    final = models.BooleanField(default=False)
    document = models.JSONField()
    title = models.TextField(blank=True)
    subject = models.TextField(blank=True)
    party = models.TextField(blank=True)
    opened_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    seq = models.IntegerField()
    head = models.BinaryField()
    rooted = models.IntegerField(default=0)
    due_on = models.DateField(null=True)
    pk = models.CompositePrimaryKey("body", "id")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("body", "number"), name="case_number_once"),)
        indexes = (
            models.Index(fields=("body", "service", "final", "due_on", "id"), name="case_inbox"),
            models.Index(
                fields=("body", "service", "procedure", "state", "final", "due_on", "id"), name="case_state"
            ),
            models.Index(fields=("body", "subject"), name="case_subject", condition=~models.Q(subject="")),
            models.Index(
                fields=("body", "id"), name="case_unrooted", condition=models.Q(rooted__lt=models.F("seq"))
            ),
        )


class Event(Tenant):
    """経過: one act, append-only, chained per case by `prev` and `hash` (kiban.cases.events)."""

    case_id = models.UUIDField()
    seq = models.IntegerField()
    act = models.TextField()
    actor = models.TextField()
    place = models.TextField(blank=True)
    department = models.TextField(blank=True)
    at = models.DateTimeField()
    edition = models.TextField()
    digests = models.JSONField()
    prev = models.BinaryField()
    hash = models.BinaryField()
    pk = models.CompositePrimaryKey("body", "case_id", "seq")
    references = _CASE

    class Meta:
        indexes = (models.Index(fields=("body", "actor", "case_id"), name="event_of_actor"),)


class EventContent(Tenant):
    """What an event says, by field group: the canonical bytes that were digested, encrypted under a data key."""

    case_id = models.UUIDField()
    seq = models.IntegerField()
    group = models.TextField()
    salt = models.BinaryField()
    key_id = models.TextField()
    nonce = models.BinaryField()
    sealed = models.BinaryField()
    pk = models.CompositePrimaryKey("body", "case_id", "seq", "group")
    references = ((("body", "case_id", "seq"), "cases_event", ("body", "case_id", "seq")),)


class CaseValue(Tenant):
    """A searchable value of a case: the exact form of a code, or one bigram of a name."""

    service = models.TextField()
    field = models.TextField()
    value = models.TextField()
    case_id = models.UUIDField()
    pk = models.CompositePrimaryKey("body", "service", "field", "value", "case_id")
    references = _CASE

    class Meta:
        indexes = (models.Index(fields=("body", "case_id", "field"), name="value_of_case"),)


class Agenda(Tenant):
    """A clock of a case that will fire at an instant. The worker role reads this table across bodies."""

    case_id = models.UUIDField()
    clock = models.TextField()
    at = models.DateTimeField()
    fired = models.BooleanField(default=False)
    attempts = models.IntegerField(db_default=0)
    retry_at = models.DateTimeField(null=True)
    problem = models.TextField(db_default="", blank=True)
    pk = models.CompositePrimaryKey("body", "case_id", "clock")
    references = _CASE
    worker_sees_all = True

    class Meta:
        indexes = (models.Index(fields=("at",), name="agenda_due", condition=models.Q(fired=False)),)


class Charge(Tenant):
    """A claim of money on a case, in integer yen."""

    case_id = models.UUIDField()
    name = models.TextField()
    due = models.BigIntegerField()
    paid = models.BigIntegerField()
    waived = models.BigIntegerField()
    updated_at = models.DateTimeField()
    pk = models.CompositePrimaryKey("body", "case_id", "name")
    references = _CASE


class Notice(Tenant):
    """A notice to a role of the case, in words as sent (`subject` and `text` are {ja, en})."""

    id = models.UUIDField(default=uuid7)
    case_id = models.UUIDField()
    seq = models.IntegerField()
    name = models.TextField()
    to = models.TextField()
    subject = models.JSONField()
    text = models.JSONField()
    at = models.DateTimeField()
    pk = models.CompositePrimaryKey("body", "id")
    references = _CASE

    class Meta:
        indexes = (models.Index(fields=("body", "case_id", "seq"), name="notice_of_case"),)


class Outbox(Tenant):
    """Work that an event leaves for the worker: `jobs` are words, all else is found by the ids."""

    case_id = models.UUIDField()
    seq = models.IntegerField()
    jobs = models.JSONField()
    at = models.DateTimeField()
    attempts = models.IntegerField(default=0)
    retry_at = models.DateTimeField(null=True)
    problem = models.TextField(blank=True)
    pk = models.CompositePrimaryKey("body", "case_id", "seq")
    references = ((("body", "case_id", "seq"), "cases_event", ("body", "case_id", "seq")),)
    worker_sees_all = True

    class Meta:
        indexes = (models.Index(fields=("at",), name="outbox_order"),)


class Idempotency(Tenant):
    """The first answer to a key of an actor on a route."""

    actor = models.TextField()
    route = models.TextField()
    key = models.TextField()
    digest = models.BinaryField()
    case_id = models.UUIDField()
    answer = models.JSONField()
    at = models.DateTimeField()
    pk = models.CompositePrimaryKey("body", "actor", "route", "key")


class AccessLog(Tenant):
    """Who read what, and when: never part of a chain."""

    id = models.UUIDField(default=uuid7)
    at = models.DateTimeField()
    viewer = models.TextField()
    what = models.TextField()
    case_id = models.UUIDField(null=True)
    pk = models.CompositePrimaryKey("body", "id")

    class Meta:
        indexes = (models.Index(fields=("body", "case_id"), name="access_of_case"),)


class Attachment(Tenant):
    """A file that a partition holds; the bytes stand in KIBAN_HOME/files by their SHA-256.

    `holders` are the ids of those who sent it to a body: they may attach it. What came with a case belongs to the case.
    """

    sha256 = models.TextField()
    name = models.TextField()
    type = models.TextField()
    size = models.BigIntegerField()
    at = models.DateTimeField()
    holders = ArrayField(models.TextField(), default=list)
    pk = models.CompositePrimaryKey("body", "sha256")


class Sequence(Tenant):
    """The last number given in a scope; gapless because it commits or rolls back with the act."""

    service = models.TextField()
    name = models.TextField()
    scope = models.TextField()
    last = models.BigIntegerField()
    pk = models.CompositePrimaryKey("body", "service", "name", "scope")


class Draft(Tenant):
    """What somebody is typing: mutable, with an optimistic version; lives in the typist's partition."""

    id = models.UUIDField(default=uuid7)
    owner = models.TextField()
    target = models.TextField()
    service = models.TextField()
    procedure = models.TextField()
    action = models.TextField()
    case_id = models.UUIDField(null=True)
    edition = models.TextField()
    data = models.JSONField()
    step = models.TextField(blank=True)
    version = models.IntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    pk = models.CompositePrimaryKey("body", "id")

    class Meta:
        indexes = (models.Index(fields=("body", "owner", "updated_at"), name="draft_of_owner"),)


class Shared(Tenant):
    """In a viewer's partition: the line of a case that stands in another one (`target`), as it was delivered.

    `why`: `own` (the party's case), `below` (a prefecture's view of its municipalities), `nation` (a ministry's),
    `granted` (a summary, until a day). The line of a later event (`seq`) replaces an earlier one, never the other
    way round.
    """

    target = models.TextField()
    case_id = models.UUIDField()
    service = models.TextField()
    procedure = models.TextField(default="")
    edition = models.TextField(default="")
    number = models.TextField(default="")
    state = models.TextField(default="")
    final = models.BooleanField(default=False)
    title = models.TextField(default="")
    due_on = models.DateField(null=True)
    why = models.TextField(default="own")
    seq = models.IntegerField(default=0)
    at = models.DateTimeField()
    changed_at = models.DateTimeField(null=True)
    until = models.DateField(null=True)
    pk = models.CompositePrimaryKey("body", "target", "case_id")

    class Meta:
        indexes = (
            models.Index(fields=("body", "final", "due_on", "case_id"), name="shared_order"),
            models.Index(
                fields=("body", "service", "why", "final", "due_on", "case_id"), name="shared_queue"
            ),
        )


class Inbox(Tenant):
    """A notice that was delivered: in a party's partition to all of it, in a body's to one of its staff (`owner`)."""

    id = models.UUIDField()
    owner = models.TextField(default="", blank=True)
    target = models.TextField()
    case_id = models.UUIDField()
    service = models.TextField(default="", blank=True)
    name = models.TextField()
    subject = models.JSONField()
    text = models.JSONField()
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    pk = models.CompositePrimaryKey("body", "id")

    class Meta:
        indexes = (
            models.Index(fields=("body", "owner", "at", "id"), name="inbox_of_owner"),
            models.Index(fields=("body", "owner"), name="inbox_unread", condition=models.Q(read_at=None)),
        )


class Root(Tenant):
    """The root of a body's chains on a day: covers the heads that changed since the root before it."""

    day = models.DateField()
    covered = models.JSONField()
    prev = models.BinaryField()
    root = models.BinaryField()
    at = models.DateTimeField()
    pk = models.CompositePrimaryKey("body", "day")
