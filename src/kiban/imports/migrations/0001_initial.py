import uuid_utils.compat
from django.db import migrations, models

from kiban.access.tenancy import protect, refer

_PK = {"blank": True, "editable": False, "primary_key": True, "serialize": False}


class Migration(migrations.Migration):
    initial = True
    dependencies = (("access", "0002_scope"),)
    operations = (
        migrations.CreateModel(
            name="Upload",
            fields=[
                ("body", models.TextField()),
                ("id", models.UUIDField(default=uuid_utils.compat.uuid7)),
                ("service", models.TextField()),
                ("name", models.TextField()),
                ("file_name", models.TextField()),
                ("sha256", models.TextField()),
                ("sheet", models.TextField(blank=True)),
                ("letters", models.JSONField(default=dict)),
                ("state", models.TextField(default="read")),
                ("rows", models.IntegerField()),
                ("only_right", models.BooleanField(default=False)),
                ("by", models.UUIDField()),
                ("by_name", models.TextField()),
                ("at", models.DateTimeField()),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("attempts", models.IntegerField(default=0)),
                ("retry_at", models.DateTimeField(null=True)),
                ("problem", models.TextField(blank=True)),
                ("pk", models.CompositePrimaryKey("body", "id", **_PK)),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["at"],
                        name="upload_waiting",
                        condition=models.Q(("state__in", ("read", "running"))),
                    ),
                    models.Index(fields=["body", "service", "at"], name="upload_of_service"),
                ],
            },
        ),
        migrations.CreateModel(
            name="UploadRow",
            fields=[
                ("body", models.TextField()),
                ("upload", models.UUIDField()),
                ("row", models.IntegerField()),
                ("cells", models.JSONField()),
                ("identity", models.TextField(blank=True)),
                ("content", models.TextField(blank=True)),
                ("state", models.TextField(default="fresh")),
                ("problems", models.JSONField(default=list)),
                ("case_id", models.UUIDField(null=True)),
                ("number", models.TextField(blank=True)),
                ("pk", models.CompositePrimaryKey("body", "upload", "row", **_PK)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["body", "upload", "state", "row"], name="row_by_state"),
                    models.Index(
                        fields=["body", "identity"], name="row_taken", condition=models.Q(("state", "taken"))
                    ),
                ],
            },
        ),
        protect("imports_upload", worker_sees_all=True),
        protect("imports_uploadrow"),
        refer("imports_uploadrow", ("body", "upload"), "imports_upload", ("body", "id")),
    )
