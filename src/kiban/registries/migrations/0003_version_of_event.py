from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("registries", "0002_protect"),)
    operations = (
        migrations.AddIndex(
            "recordversion", models.Index(fields=["body", "case_id", "seq"], name="version_of_event")
        ),
    )
