import django.db.models.deletion
import uuid_utils.compat
from django.conf import settings
from django.db import migrations, models

from kiban.access.tenancy import counted


def _person(name: str) -> models.ForeignKey:
    return models.ForeignKey(
        on_delete=django.db.models.deletion.CASCADE, related_name=name, to=settings.AUTH_USER_MODEL
    )


class Migration(migrations.Migration):
    dependencies = (("access", "0005_sign_in_waits"),)
    operations = (
        migrations.CreateModel(
            name="Absence",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("body", models.TextField()),
                ("user", _person("absences")),
                ("deputy", _person("deputised")),
                ("from_date", models.DateField()),
                ("to_date", models.DateField()),
            ],
            options={"indexes": [models.Index(fields=["body", "to_date"], name="absence_of_body")]},
        ),
        counted("access_absence"),
    )
