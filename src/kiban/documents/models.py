"""交付文書: issued documents. The data is kept as it was at the event; the PDF follows from it, once."""

from __future__ import annotations

from typing import Literal

from django.db import models
from uuid_utils.compat import uuid7

from kiban.access.tenancy import Tenant


class Document(Tenant):
    """An issued document. `code` is for verification; `pdf` is empty until the worker or the first reader makes it.

    `signed_at`: when the file was signed, by this machine's clock; null for one without a signature.
    It stands until an act of its case ends it (`ended_at`, `ended_seq`): superseded by another (`replaced_by`,
    差替え), or withdrawn (撤回).
    """

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
    signed_at = models.DateTimeField(null=True)
    unprintable = models.JSONField(default=list)
    ended_at = models.DateTimeField(null=True)
    ended_seq = models.IntegerField(null=True)
    replaced_by = models.UUIDField(null=True)
    pk = models.CompositePrimaryKey("body", "id")
    references = ((("body", "case_id", "seq"), "cases_event", ("body", "case_id", "seq")),)

    @property
    def standing(self) -> Literal["stands", "superseded", "withdrawn"]:
        """Whether it still counts."""
        if self.ended_at is None:
            return "stands"
        return "withdrawn" if self.replaced_by is None else "superseded"

    class Meta:
        constraints = (models.UniqueConstraint(fields=("body", "code"), name="document_code_once"),)
        indexes = (models.Index(fields=("body", "case_id", "seq"), name="document_of_case"),)
