import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("governance", "0003_compatibility")]

    operations = [
        migrations.CreateModel(
            name="RunProgress",
            fields=[
                (
                    "run",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="progress",
                        serialize=False,
                        to="governance.run",
                    ),
                ),
                ("position", models.PositiveIntegerField(help_text="Of the step.")),
                ("at", models.DateTimeField()),
                ("rows", models.BigIntegerField(help_text="Written so far.")),
                ("seen", models.BigIntegerField(help_text="Rows of the table, in this pass.")),
                ("total", models.BigIntegerField(help_text="Rows of the table, as its statistics say.", null=True)),
                ("rate", models.FloatField(help_text="Rows seen per second, of late.")),
                ("batch", models.PositiveIntegerField(help_text="Rows in a batch now.")),
                ("pass_number", models.PositiveIntegerField(default=1)),
                ("throttled", models.TextField(blank=True, help_text="Why it rests.")),
            ],
        ),
    ]
