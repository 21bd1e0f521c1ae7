from django.db import migrations, models

# What a party has filed becomes its delivered list; a row without `seq` is filled from the case here.
_FILL = """
ALTER TABLE cases_shared NO FORCE ROW LEVEL SECURITY;
ALTER TABLE cases_case NO FORCE ROW LEVEL SECURITY;
ALTER TABLE cases_inbox NO FORCE ROW LEVEL SECURITY;
UPDATE cases_shared s SET procedure = c.procedure, edition = c.edition, number = c.number, state = c.state,
       final = c.final, title = c.title, due_on = c.due_on, seq = c.seq, changed_at = c.updated_at
  FROM cases_case c WHERE c.body = s.target AND c.id = s.case_id;
UPDATE cases_inbox i SET service = c.service FROM cases_case c WHERE c.body = i.target AND c.id = i.case_id;
ALTER TABLE cases_shared FORCE ROW LEVEL SECURITY;
ALTER TABLE cases_case FORCE ROW LEVEL SECURITY;
ALTER TABLE cases_inbox FORCE ROW LEVEL SECURITY;
"""
_RENAME_JOBS = """
ALTER TABLE cases_outbox NO FORCE ROW LEVEL SECURITY;
UPDATE cases_outbox SET jobs = (jobs - 'filed') || '["shared"]'::jsonb WHERE jobs ? 'filed';
ALTER TABLE cases_outbox FORCE ROW LEVEL SECURITY;
"""


def _add(model: str, **fields: models.Field) -> list[migrations.AddField]:
    return [migrations.AddField(model, name, field) for name, field in fields.items()]


class Migration(migrations.Migration):
    dependencies = (("cases", "0003_event_of_actor"),)
    operations = (
        migrations.RenameModel("Filed", "Shared"),
        *_add(
            "shared",
            procedure=models.TextField(default=""),
            edition=models.TextField(default=""),
            number=models.TextField(default=""),
            state=models.TextField(default=""),
            final=models.BooleanField(default=False),
            title=models.TextField(default=""),
            due_on=models.DateField(null=True),
            why=models.TextField(default="own"),
            seq=models.IntegerField(default=0),
            changed_at=models.DateTimeField(null=True),
        ),
        *_add(
            "inbox",
            owner=models.TextField(blank=True, default=""),
            service=models.TextField(blank=True, default=""),
        ),
        *_add(
            "agenda",
            attempts=models.IntegerField(db_default=0),
            retry_at=models.DateTimeField(null=True),
            problem=models.TextField(blank=True, db_default=""),
        ),
        migrations.RunSQL(_FILL, migrations.RunSQL.noop),
        migrations.RunSQL(_RENAME_JOBS, migrations.RunSQL.noop),
        migrations.RemoveIndex("inbox", "inbox_order"),
        migrations.AddIndex(
            "inbox", models.Index(fields=["body", "owner", "at", "id"], name="inbox_of_owner")
        ),
        migrations.AddIndex(
            "inbox",
            models.Index(fields=["body", "owner"], name="inbox_unread", condition=models.Q(read_at=None)),
        ),
        migrations.AddIndex(
            "shared", models.Index(fields=["body", "final", "due_on", "case_id"], name="shared_order")
        ),
        migrations.AddIndex(
            "shared",
            models.Index(
                fields=["body", "service", "why", "final", "due_on", "case_id"], name="shared_queue"
            ),
        ),
    )
