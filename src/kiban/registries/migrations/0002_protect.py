from django.db import migrations

from kiban.access.tenancy import protect, refer

_RECORD = (
    ("body", "service", "registry", "key"),
    "registries_record",
    ("body", "service", "registry", "key"),
)


class Migration(migrations.Migration):
    dependencies = (("registries", "0001_initial"), ("cases", "0002_protect"))
    operations = (
        protect("registries_record"),
        protect("registries_recordvalue"),
        protect("registries_recordversion"),
        refer("registries_recordvalue", *_RECORD),
        refer("registries_recordversion", *_RECORD),
        refer(
            "registries_recordversion", ("body", "case_id", "seq"), "cases_event", ("body", "case_id", "seq")
        ),
        migrations.RunSQL(
            "REVOKE UPDATE ON registries_recordversion FROM kiban_app, kiban_worker",
            "GRANT UPDATE ON registries_recordversion TO kiban_app, kiban_worker",
        ),
    )
