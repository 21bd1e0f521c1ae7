from django.db import migrations

from kiban.access.tenancy import protect


class Migration(migrations.Migration):
    dependencies = (("delivery", "0001_initial"), ("access", "0002_scope"))
    operations = (
        protect("delivery_preference"),
        protect("delivery_subscription"),
        protect("delivery_message", worker_sees_all=True),
    )
