from django.db import migrations

from kiban.access.tenancy import counted


class Migration(migrations.Migration):
    dependencies = (("definitions", "0001_initial"), ("access", "0002_scope"))
    operations = (
        counted("definitions_edition"),
        counted("definitions_parametervalue"),
        # An edition never changes: cases in flight and issued documents rest on it.
        migrations.RunSQL(
            "REVOKE UPDATE, DELETE ON definitions_edition FROM kiban_app, kiban_worker",
            "GRANT UPDATE, DELETE ON definitions_edition TO kiban_app, kiban_worker",
        ),
    )
