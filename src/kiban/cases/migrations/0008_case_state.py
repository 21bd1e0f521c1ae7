from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("cases", "0007_granted"),)
    operations = (
        migrations.RemoveIndex("case", "case_open"),
        migrations.AddIndex(
            "case",
            models.Index(
                fields=["body", "service", "procedure", "state", "final", "due_on", "id"], name="case_state"
            ),
        ),
    )
