"""Runs of one act over many cases, in the partition of the body whose cases they are."""

from __future__ import annotations

from django.db import models
from uuid_utils.compat import uuid7

from kiban.access.tenancy import Tenant

WAITING, DONE, REFUSED = "waiting", "done", "refused"


class Run(Tenant):
    """One act over many cases, asked for by one of the staff. It waits for the worker until `ended_at`."""

    id = models.UUIDField(default=uuid7)
    service = models.TextField()
    procedure = models.TextField()
    action = models.TextField()
    by = models.UUIDField()
    by_name = models.TextField()
    at = models.DateTimeField()
    total = models.IntegerField()
    ended_at = models.DateTimeField(null=True)
    attempts = models.IntegerField(default=0)
    retry_at = models.DateTimeField(null=True)
    problem = models.TextField(blank=True)
    pk = models.CompositePrimaryKey("body", "id")
    worker_sees_all = True

    class Meta:
        indexes = (
            models.Index(fields=("at",), name="run_waiting", condition=models.Q(ended_at=None)),
            models.Index(fields=("body", "service", "at"), name="run_of_service"),
        )


class Given(Tenant):
    """The common input and reasons of a run; taken away when it has ended: each case's event says what it was given."""

    run = models.UUIDField()
    data = models.JSONField()
    reasons = models.JSONField()
    pk = models.CompositePrimaryKey("body", "run")
    references = ((("body", "run"), "bulk_run", ("body", "id")),)


class Item(Tenant):
    """A case of a run and what became of it: `code` and `message` {ja, en} of a refusal, `problems` [{field, …}]."""

    run = models.UUIDField()
    place = models.IntegerField()
    case_id = models.UUIDField()
    state = models.TextField(default=WAITING)
    code = models.TextField(blank=True)
    message = models.JSONField(null=True)
    problems = models.JSONField(default=list)
    pk = models.CompositePrimaryKey("body", "run", "place")
    references = ((("body", "run"), "bulk_run", ("body", "id")),)

    class Meta:
        indexes = (models.Index(fields=("body", "run", "state", "place"), name="item_by_state"),)
