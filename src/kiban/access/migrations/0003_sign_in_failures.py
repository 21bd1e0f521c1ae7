from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("access", "0002_scope"),)
    operations = (
        migrations.CreateModel(
            name="SignInFailures",
            fields=[
                ("key", models.BinaryField(primary_key=True, serialize=False)),
                ("count", models.IntegerField(default=1)),
                ("until", models.DateTimeField()),
            ],
            options={"indexes": [models.Index(fields=["until"], name="failures_over")]},
        ),
    )
