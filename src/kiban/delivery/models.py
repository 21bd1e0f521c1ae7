"""The tables of delivery. Tenant tables are forced under the scope; the others hold nothing about a person.

A `Message` is one thing for one receiver outside: its id never changes, whatever happens on the way, so that a
receiver recognises what comes twice.
"""

from __future__ import annotations

from django.db import models

from kiban.access.tenancy import Tenant

EMAIL, WEBHOOK = "email", "webhook"
WAITING, SENT, DEAD, DROPPED = "waiting", "sent", "dead", "dropped"


class Preference(Tenant):
    """How somebody wants to hear of notices in a partition. `email` is confirmed; `pending` waits for its link."""

    owner = models.TextField()
    email = models.TextField(default="", blank=True)
    confirmed_at = models.DateTimeField(null=True)
    pending = models.TextField(default="", blank=True)
    pending_at = models.DateTimeField(null=True)
    language = models.TextField(default="ja")
    muted = models.JSONField(default=list)
    updated_at = models.DateTimeField()
    pk = models.CompositePrimaryKey("body", "owner")


class Subscription(Tenant):
    """An address of another system that hears of a service's events in a body. Secrets are sealed."""

    id = models.UUIDField()
    service = models.TextField()
    label = models.TextField()
    url = models.TextField()
    types = models.JSONField()
    secret = models.JSONField()
    previous = models.JSONField(null=True)
    previous_until = models.DateTimeField(null=True)
    active = models.BooleanField(default=True)
    stopped = models.TextField(default="", blank=True)
    created_by = models.TextField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    pk = models.CompositePrimaryKey("body", "id")

    class Meta:
        indexes = (models.Index(fields=("body", "service", "created_at"), name="subscription_of_service"),)


class Message(Tenant):
    """One e-mail or one webhook call. `owner`: the user, or the subscription; `about`: the notice, or the event.

    `waiting` until `due_at`, while sent `leased_until` keeps other workers away; then `sent`, `dead` (given up,
    kept until somebody looks) or `dropped` (not wanted any more).
    """

    id = models.UUIDField()
    channel = models.TextField()
    owner = models.TextField()
    kind = models.TextField()
    about = models.UUIDField(null=True)
    case_id = models.UUIDField(null=True)
    content = models.JSONField(default=dict)
    state = models.TextField(default=WAITING)
    attempts = models.IntegerField(default=0)
    due_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True)
    problem = models.TextField(default="", blank=True)
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    pk = models.CompositePrimaryKey("body", "id")
    worker_sees_all = True

    class Meta:
        indexes = (
            models.Index(fields=("due_at",), name="message_due", condition=models.Q(state=WAITING)),
            models.Index(fields=("created_at",), name="message_dead", condition=models.Q(state=DEAD)),
            models.Index(fields=("done_at",), name="message_done"),
            models.Index(fields=("body", "channel", "owner", "created_at"), name="message_of_owner"),
        )


class Heartbeat(models.Model):
    """A worker process that lives: `seen_at` moves every few seconds, `busy_since` while it is at one piece of work."""

    name = models.TextField(primary_key=True)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    work = models.TextField(default="", blank=True)
    busy_since = models.DateTimeField(null=True)
    done = models.BigIntegerField(default=0)


class Queue(models.Model):
    """How a queue stood when a worker looked last: `clock`, `outbox`, `email`, `webhook`."""

    name = models.TextField(primary_key=True)
    waiting = models.BigIntegerField()
    late = models.BigIntegerField()
    failing = models.BigIntegerField()
    dead = models.BigIntegerField()
    oldest_at = models.DateTimeField(null=True)
    looked_at = models.DateTimeField()


class Stuck(models.Model):
    """A piece of work that fails or has been given up, by its ids and the kind of its problem."""

    id = models.BigAutoField(primary_key=True)
    queue = models.TextField()
    place = models.TextField()
    item = models.TextField()
    kind = models.TextField(default="", blank=True)
    case_id = models.UUIDField(null=True)
    attempts = models.IntegerField(default=0)
    problem = models.TextField(default="", blank=True)
    since = models.DateTimeField()
    next_at = models.DateTimeField(null=True)
    dead = models.BooleanField(default=False)
