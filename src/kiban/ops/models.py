"""What operations keep in the database."""

from __future__ import annotations

from datetime import datetime

from django.db import models


class Prepared(models.Model):
    """One row: the stamp of all that the last start prepared from (`kiban.ops.fingerprint`).

    It stands in the database, so that a restored dump brings its own stamp along and is prepared anew.
    """

    single: models.BooleanField[bool, bool] = models.BooleanField(primary_key=True, default=True)
    stamp: models.TextField[str, str] = models.TextField()
    at: models.DateTimeField[datetime, datetime] = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.stamp
