import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("cases", "0004_shared"),)
    operations = (
        migrations.AddField(
            "attachment",
            "holders",
            django.contrib.postgres.fields.ArrayField(models.TextField(), default=list),
        ),
    )
