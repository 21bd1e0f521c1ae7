"""台帳: records, their history, and the values by which they are found. Changed only by effects of acts."""

from __future__ import annotations

from django.db import models

from kiban.access.tenancy import Tenant

_RECORD = (
    (("body", "service", "registry", "key"), "registries_record", ("body", "service", "registry", "key")),
)


class Record(Tenant):
    """A record as it is now. `sort_key` is its key in natural order (numbers by value); `version` counts from 1."""

    service = models.TextField()
    registry = models.TextField()
    key = models.TextField()
    sort_key = models.TextField()
    data = models.JSONField()
    version = models.IntegerField()
    updated_at = models.DateTimeField()
    pk = models.CompositePrimaryKey("body", "service", "registry", "key")

    class Meta:
        indexes = (models.Index(fields=("body", "service", "registry", "sort_key"), name="record_order"),)


class RecordValue(Tenant):
    """A field of a record as text (JSON text where it is not text itself), for lookups by equality."""

    service = models.TextField()
    registry = models.TextField()
    field = models.TextField()
    value = models.TextField()
    key = models.TextField()
    pk = models.CompositePrimaryKey("body", "service", "registry", "field", "value", "key")
    references = _RECORD

    class Meta:
        indexes = (
            models.Index(fields=("body", "service", "registry", "key", "field"), name="value_of_record"),
        )


class RecordVersion(Tenant):
    """A record as it was from `valid_from` (civil date), recorded at `recorded_at` by an event of a case."""

    service = models.TextField()
    registry = models.TextField()
    key = models.TextField()
    version = models.IntegerField()
    data = models.JSONField()
    valid_from = models.DateField()
    recorded_at = models.DateTimeField()
    case_id = models.UUIDField()
    seq = models.IntegerField()
    pk = models.CompositePrimaryKey("body", "service", "registry", "key", "version")
    references = (
        *_RECORD,
        (("body", "case_id", "seq"), "cases_event", ("body", "case_id", "seq")),
    )

    class Meta:
        indexes = (models.Index(fields=("body", "case_id", "seq"), name="version_of_event"),)
