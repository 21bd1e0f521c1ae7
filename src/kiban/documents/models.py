"""交付文書: issued documents. The data is kept as it was at the event; the PDF follows from it, once."""

from __future__ import annotations

from django.db import models
from uuid_utils.compat import uuid7

from kiban.access.tenancy import Tenant


class Document(Tenant):
    """An issued document. `code` is for verification; `pdf` is empty until the worker or the first reader makes it."""

    id = models.UUIDField(default=uuid7)
    case_id = models.UUIDField()
    seq = models.IntegerField()
    service = models.TextField()
    edition = models.TextField()
    name = models.TextField()
    number = models.TextField(blank=True)
    code = models.TextField()
    data = models.JSONField()
    at = models.DateTimeField()
    sha256 = models.TextField(blank=True)
    pdf = models.BinaryField(null=True)
    unprintable = models.JSONField(default=list)
    pk = models.CompositePrimaryKey("body", "id")
    references = ((("body", "case_id", "seq"), "cases_event", ("body", "case_id", "seq")),)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("body", "code"), name="document_code_once"),)
        indexes = (models.Index(fields=("body", "case_id", "seq"), name="document_of_case"),)
