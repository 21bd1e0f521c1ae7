from django.db import migrations

from kiban.access.tenancy import protect, refer


class Migration(migrations.Migration):
    dependencies = (("documents", "0001_initial"), ("cases", "0002_protect"))
    operations = (
        protect("documents_document"),
        refer("documents_document", ("body", "case_id", "seq"), "cases_event", ("body", "case_id", "seq")),
    )
