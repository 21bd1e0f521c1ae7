from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("cases", "0005_holders"),)
    operations = (
        migrations.AddIndex(
            "case",
            models.Index(
                fields=["body", "service", "procedure", "state"],
                name="case_open",
                condition=models.Q(final=False),
            ),
        ),
    )
