from django.db import migrations

from kiban.access.tenancy import SCOPE_SQL, SCOPE_SQL_UNDO, VERSION_SQL, VERSION_SQL_UNDO, counted


class Migration(migrations.Migration):
    dependencies = (("access", "0001_initial"),)
    operations = (
        migrations.RunSQL(SCOPE_SQL, SCOPE_SQL_UNDO),
        migrations.RunSQL(VERSION_SQL, VERSION_SQL_UNDO),
        counted("access_participation"),
        counted("access_closedday"),
        counted("test_clock"),
    )
