from django.db import migrations

from kiban.access.tenancy import protect, refer

_EVENT = (("body", "case_id", "seq"), "cases_event", ("body", "case_id", "seq"))
_CASE = (("body", "case_id"), "cases_case", ("body", "id"))
_SECOND = (
    "confirmed_by, confirmed_by_name, confirmed_at, reopened_by, reopened_by_name, reopened_at, reopened_why"
)


class Migration(migrations.Migration):
    dependencies = (("money", "0001_initial"), ("cases", "0004_shared"), ("access", "0002_scope"))
    operations = (
        protect("money_book"),
        protect("money_entry"),
        protect("money_closing"),
        protect("money_order"),
        protect("money_told"),
        protect("money_statement"),
        protect("money_settled"),
        refer("money_entry", *_EVENT),
        refer("money_order", *_CASE),
        refer("money_told", ("body", "reference"), "money_order", ("body", "reference")),
        refer("money_settled", ("body", "statement"), "money_statement", ("body", "id")),
        # What was counted is never changed; who has confirmed or opened it again is added once, beside it.
        migrations.RunSQL(
            [
                "REVOKE UPDATE, DELETE ON money_closing, money_told, money_settled FROM kiban_app, kiban_worker",
                f"GRANT UPDATE ({_SECOND}) ON money_closing TO kiban_app, kiban_worker",
            ],
            "GRANT UPDATE, DELETE ON money_closing, money_told, money_settled TO kiban_app, kiban_worker",
        ),
    )
