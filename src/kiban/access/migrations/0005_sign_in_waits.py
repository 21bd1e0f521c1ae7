from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("access", "0004_body_settings"),)
    operations = (
        migrations.AddField("signinfailures", "name", models.BinaryField(default=b"")),
        # What was counted under the old rule ends with the upgrade.
        migrations.RunSQL("DELETE FROM access_signinfailures", migrations.RunSQL.noop),
        migrations.AddField("signinfailures", "wait_until", models.DateTimeField()),
        migrations.AddIndex("signinfailures", models.Index(fields=["name"], name="failures_of_name")),
    )
