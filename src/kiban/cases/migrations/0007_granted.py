from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("cases", "0006_case_open"),)
    operations = (migrations.AddField("shared", "until", models.DateField(null=True)),)
