from django.db import migrations

from kiban.access.tenancy import protect, refer

_CASE = (("body", "case_id"), "cases_case", ("body", "id"))
_EVENT = (("body", "case_id", "seq"), "cases_event", ("body", "case_id", "seq"))


class Migration(migrations.Migration):
    dependencies = (("cases", "0001_initial"), ("access", "0002_scope"))
    operations = (
        protect("cases_case"),
        protect("cases_event"),
        protect("cases_eventcontent"),
        protect("cases_casevalue"),
        protect("cases_agenda", worker_sees_all=True),
        protect("cases_charge"),
        protect("cases_notice"),
        protect("cases_outbox", worker_sees_all=True),
        protect("cases_idempotency"),
        protect("cases_accesslog"),
        protect("cases_attachment"),
        protect("cases_sequence"),
        protect("cases_draft"),
        protect("cases_filed"),
        protect("cases_inbox"),
        protect("cases_root"),
        refer("cases_event", *_CASE),
        refer("cases_eventcontent", *_EVENT),
        refer("cases_casevalue", *_CASE),
        refer("cases_agenda", *_CASE),
        refer("cases_charge", *_CASE),
        refer("cases_notice", *_CASE),
        refer("cases_outbox", *_EVENT),
        # Events are appended, never changed. Their content may be deleted (disposal), never changed.
        migrations.RunSQL(
            [
                "REVOKE UPDATE, DELETE ON cases_event, cases_root FROM kiban_app, kiban_worker",
                "REVOKE UPDATE ON cases_eventcontent, cases_accesslog FROM kiban_app, kiban_worker",
                "REVOKE DELETE ON cases_accesslog FROM kiban_app, kiban_worker",
            ],
            "GRANT UPDATE, DELETE ON cases_event, cases_root, cases_eventcontent, cases_accesslog "
            "TO kiban_app, kiban_worker",
        ),
    )
