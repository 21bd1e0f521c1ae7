"""Editions of services and the values that bodies set: reference data, the same for all who look."""

from __future__ import annotations

from django.db import models


class Edition(models.Model):
    """版: a service definition in force from a date. Its id is the SHA-256 of its texts; it never changes."""

    id = models.TextField(primary_key=True)
    service = models.TextField()
    in_force = models.DateField()
    files = models.JSONField()
    published_at = models.DateTimeField()
    published_by = models.TextField()

    class Meta:
        indexes = (models.Index(fields=("service", "in_force", "published_at"), name="edition_in_force"),)


class ParameterValue(models.Model):
    """A value that a body has set for a parameter that the service lets it set, from a day on."""

    body = models.TextField()
    service = models.TextField()
    name = models.TextField()
    value = models.JSONField(null=True)
    from_date = models.DateField()
    law = models.TextField(blank=True)
    set_by = models.TextField(blank=True)
    set_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("body", "service", "name", "from_date"), name="one_value_from_a_day"
            ),
        )


class LocalField(models.Model):
    """A field that a body has added to a section that the service leaves open, as it stands from a day on.

    `name` is short and never used again for another question; `definition` holds label, help, type, required and
    options as the words of a definition say them. `retired`: from that day the field is asked no more.
    """

    body = models.TextField()
    service = models.TextField()
    form = models.TextField()
    section = models.TextField()
    name = models.TextField()
    from_date = models.DateField()
    retired = models.BooleanField(default=False)
    position = models.IntegerField()
    definition = models.JSONField()
    set_by = models.TextField()
    set_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("body", "service", "form", "name", "from_date"), name="one_local_field_from_a_day"
            ),
        )
