import uuid_utils.compat
from django.db import migrations, models

from kiban.access.tenancy import protect, refer

_PK = {"blank": True, "editable": False, "primary_key": True, "serialize": False}
_RUN = (("body", "run"), "bulk_run", ("body", "id"))


class Migration(migrations.Migration):
    initial = True
    dependencies = (("access", "0002_scope"),)
    operations = (
        migrations.CreateModel(
            name="Run",
            fields=[
                ("body", models.TextField()),
                ("id", models.UUIDField(default=uuid_utils.compat.uuid7)),
                ("service", models.TextField()),
                ("procedure", models.TextField()),
                ("action", models.TextField()),
                ("by", models.UUIDField()),
                ("by_name", models.TextField()),
                ("at", models.DateTimeField()),
                ("total", models.IntegerField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("attempts", models.IntegerField(default=0)),
                ("retry_at", models.DateTimeField(null=True)),
                ("problem", models.TextField(blank=True)),
                ("pk", models.CompositePrimaryKey("body", "id", **_PK)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["at"], name="run_waiting", condition=models.Q(("ended_at", None))),
                    models.Index(fields=["body", "service", "at"], name="run_of_service"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Given",
            fields=[
                ("body", models.TextField()),
                ("run", models.UUIDField()),
                ("data", models.JSONField()),
                ("reasons", models.JSONField()),
                ("pk", models.CompositePrimaryKey("body", "run", **_PK)),
            ],
        ),
        migrations.CreateModel(
            name="Item",
            fields=[
                ("body", models.TextField()),
                ("run", models.UUIDField()),
                ("place", models.IntegerField()),
                ("case_id", models.UUIDField()),
                ("state", models.TextField(default="waiting")),
                ("code", models.TextField(blank=True)),
                ("message", models.JSONField(null=True)),
                ("problems", models.JSONField(default=list)),
                ("pk", models.CompositePrimaryKey("body", "run", "place", **_PK)),
            ],
            options={
                "indexes": [models.Index(fields=["body", "run", "state", "place"], name="item_by_state")],
            },
        ),
        protect("bulk_run", worker_sees_all=True),
        protect("bulk_given"),
        protect("bulk_item"),
        refer("bulk_given", *_RUN),
        refer("bulk_item", *_RUN),
    )
