from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("documents", "0002_protect"),)
    operations = (
        migrations.AddField("document", "ended_at", models.DateTimeField(null=True)),
        migrations.AddField("document", "ended_seq", models.IntegerField(null=True)),
        migrations.AddField("document", "replaced_by", models.UUIDField(null=True)),
    )
