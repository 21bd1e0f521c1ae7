import django.contrib.postgres.fields
import uuid_utils.compat
from django.db import migrations, models

from kiban.access.tenancy import counted, protect


class Migration(migrations.Migration):
    dependencies = (("access", "0003_sign_in_failures"),)
    operations = (
        migrations.AddField("rolegrant", "deputy_for", models.UUIDField(blank=True, null=True)),
        migrations.CreateModel(
            name="Office",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("body", models.TextField()),
                ("service", models.TextField()),
                ("name", models.TextField(blank=True)),
                ("phone", models.TextField(blank=True)),
                ("email", models.TextField(blank=True)),
                ("address", models.TextField(blank=True)),
                ("hours", models.TextField(blank=True)),
                ("hours_en", models.TextField(blank=True)),
                (
                    "departments",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("body", "service"), name="one_office")],
            },
        ),
        migrations.CreateModel(
            name="SettingChange",
            fields=[
                ("body", models.TextField()),
                ("id", models.UUIDField(default=uuid_utils.compat.uuid7)),
                ("service", models.TextField()),
                ("kind", models.TextField()),
                ("name", models.TextField()),
                ("from_date", models.DateField(null=True)),
                ("before", models.JSONField(null=True)),
                ("after", models.JSONField(null=True)),
                ("why", models.TextField(blank=True)),
                ("by", models.TextField()),
                ("by_name", models.TextField()),
                ("at", models.DateTimeField()),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "body", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["body", "service", "kind", "name"], name="setting_of")],
            },
        ),
        counted("access_office"),
        protect("access_settingchange"),
        # Who set what, and why, is appended, never changed.
        migrations.RunSQL(
            "REVOKE UPDATE, DELETE ON access_settingchange FROM kiban_app, kiban_worker",
            "GRANT UPDATE, DELETE ON access_settingchange TO kiban_app, kiban_worker",
        ),
    )
