"""Uploads of ledgers and their rows, in the partition of the body that sent them."""

from __future__ import annotations

from django.db import models
from uuid_utils.compat import uuid7

from kiban.access.tenancy import Tenant

READ, CHECKED, RUNNING, DONE, CANCELLED = "read", "checked", "running", "done", "cancelled"
WAITING = (READ, RUNNING)
"""States in which the worker has something to do: rows to try out, rows to take."""

FRESH, RIGHT, WRONG, KNOWN, TAKEN, REFUSED = "fresh", "right", "wrong", "known", "taken", "refused"


class Upload(Tenant):
    """One file of one import. `only_right`: its wrong rows are left out. `letters`: its columns (A, B …) by name."""

    id = models.UUIDField(default=uuid7)
    service = models.TextField()
    name = models.TextField()
    file_name = models.TextField()
    sha256 = models.TextField()
    sheet = models.TextField(blank=True)
    letters = models.JSONField(default=dict)
    state = models.TextField(default=READ)
    rows = models.IntegerField()
    only_right = models.BooleanField(default=False)
    by = models.UUIDField()
    by_name = models.TextField()
    at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    attempts = models.IntegerField(default=0)
    retry_at = models.DateTimeField(null=True)
    problem = models.TextField(blank=True)
    pk = models.CompositePrimaryKey("body", "id")
    worker_sees_all = True

    class Meta:
        indexes = (
            models.Index(fields=("at",), name="upload_waiting", condition=models.Q(state__in=WAITING)),
            models.Index(fields=("body", "service", "at"), name="upload_of_service"),
        )


class UploadRow(Tenant):
    """One row: its cells as typed, what is wrong with it, and the case that it became.

    `identity` is the digest of what it is known by, `content` that of all its cells. The cells are taken away when
    the row has been taken, those of other rows with the upload's age.
    """

    upload = models.UUIDField()
    row = models.IntegerField()
    cells = models.JSONField()
    identity = models.TextField(blank=True)
    content = models.TextField(blank=True)
    state = models.TextField(default=FRESH)
    problems = models.JSONField(default=list)
    case_id = models.UUIDField(null=True)
    number = models.TextField(blank=True)
    pk = models.CompositePrimaryKey("body", "upload", "row")
    references = ((("body", "upload"), "imports_upload", ("body", "id")),)

    class Meta:
        indexes = (
            models.Index(fields=("body", "upload", "state", "row"), name="row_by_state"),
            models.Index(fields=("body", "identity"), name="row_taken", condition=models.Q(state=TAKEN)),
        )
