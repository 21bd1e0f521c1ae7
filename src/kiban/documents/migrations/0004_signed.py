from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("documents", "0003_standing"),)
    operations = (migrations.AddField("document", "signed_at", models.DateTimeField(null=True)),)
