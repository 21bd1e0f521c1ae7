from django.db import migrations, models

from kiban.access.tenancy import counted


class Migration(migrations.Migration):
    dependencies = (("definitions", "0002_counted"),)
    operations = (
        migrations.CreateModel(
            name="LocalField",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("body", models.TextField()),
                ("service", models.TextField()),
                ("form", models.TextField()),
                ("section", models.TextField()),
                ("name", models.TextField()),
                ("from_date", models.DateField()),
                ("retired", models.BooleanField(default=False)),
                ("position", models.IntegerField()),
                ("definition", models.JSONField()),
                ("set_by", models.TextField()),
                ("set_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("body", "service", "form", "name", "from_date"),
                        name="one_local_field_from_a_day",
                    )
                ],
            },
        ),
        counted("definitions_localfield"),
    )
