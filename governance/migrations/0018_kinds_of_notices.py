import django.contrib.postgres.fields
import governance.models.base
from django.db import migrations
from governance.migrations._operations import together

KINDS = [
    ('approval_asked', 'An approval is asked for'),
    ('approval_given', 'A change is approved'),
    ('approval_voided', 'An approval does not count any more'),
    ('changes_asked', 'Somebody asks for changes'),
    ('rejected', 'A change is rejected'),
    ('booking_moved', 'Time is booked or moved'),
    ('booking_cancelled', 'A booking is withdrawn'),
    ('booking_collides', 'Two bookings disturb each other'),
    ('rehearsal_failed', 'A rehearsal failed'),
    ('run_started', 'A run starts'),
    ('run_succeeded', 'A run succeeded'),
    ('run_failed', 'A run failed'),
    ('run_paused', 'A run paused'),
    ('run_rolled_back', 'A change is rolled back'),
    ('run_waits', 'A run waits for a decision'),
    ('trigger_fired', 'A trigger of the monitoring period fired'),
    ('drift_found', 'A schema was changed past the portal'),
    ('escalation', 'Something waits for too long'),
    ('emergency', 'An emergency is declared'),
    ('review_due', 'A review is due'),
    ('review_overdue', 'A review is overdue'),
    ('debt_overdue', 'Something owed to a change is overdue'),
    ('delivery_failed', 'A mail or a webhook did not arrive'),
]


def kind() -> governance.models.base.Code:
    return governance.models.base.Code(choices=KINDS, max_length=32)


def kinds() -> django.contrib.postgres.fields.ArrayField:
    return django.contrib.postgres.fields.ArrayField(
        base_field=kind(), blank=True, default=list, help_text='What it is told of; nothing chosen: everything.', size=None
    )


class Migration(migrations.Migration):

    dependencies = [
        ('governance', '0017_checks'),
    ]

    operations = together([
        migrations.AlterField(model_name='historicalwebhook', name='kinds', field=kinds()),
        migrations.AlterField(model_name='notice', name='kind', field=kind()),
        migrations.AlterField(model_name='noticechoice', name='kind', field=kind()),
        migrations.AlterField(model_name='webhook', name='kinds', field=kinds()),
    ])
