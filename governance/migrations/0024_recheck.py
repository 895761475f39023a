import django.db.models.deletion
import governance.models.base
import governance.orders
import pgtrigger.compiler
import simple_history.models
import uuid
from django.conf import settings
from django.db import migrations, models
from governance.migrations._operations import AddTriggerQuickly, together


class Migration(migrations.Migration):

    dependencies = [
        ('governance', '0023_agreed_until'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = together([
        migrations.AddField(
            model_name='checkanswer',
            name='sample',
            field=models.JSONField(default=list, help_text='Keys of rows that offend; never another value.'),
        ),
        migrations.AddField(
            model_name='checkanswer',
            name='strength',
            field=models.TextField(blank=True, help_text='How much that proves, with its formula.'),
        ),
        migrations.CreateModel(
            name='HistoricalRecheck',
            fields=[
                ('id', models.UUIDField(db_index=True, default=uuid.uuid4, editable=False)),
                ('status', governance.models.base.Code(choices=[('queued', 'Queued'), ('running', 'Running'), ('paused', 'Paused'), ('succeeded', 'Succeeded'), ('failed_clean', 'Failed clean'), ('failed_dirty', 'Failed dirty'), ('indeterminate', 'Indeterminate'), ('rolled_back', 'Rolled back')], default=governance.orders.RunStatus['QUEUED'], max_length=32)),
                ('token', models.UUIDField(editable=False, null=True)),
                ('requested_at', models.DateTimeField(blank=True, editable=False)),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('message', models.TextField(blank=True, help_text='What happened, in words.')),
                ('stop', models.BooleanField(default=False, help_text='Somebody wants the reading to end.')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('requested_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('result', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='governance.checkresult')),
            ],
            options={
                'verbose_name': 'historical recheck',
                'verbose_name_plural': 'historical rechecks',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='Recheck',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('status', governance.models.base.Code(choices=[('queued', 'Queued'), ('running', 'Running'), ('paused', 'Paused'), ('succeeded', 'Succeeded'), ('failed_clean', 'Failed clean'), ('failed_dirty', 'Failed dirty'), ('indeterminate', 'Indeterminate'), ('rolled_back', 'Rolled back')], default=governance.orders.RunStatus['QUEUED'], max_length=32)),
                ('token', models.UUIDField(editable=False, null=True)),
                ('requested_at', models.DateTimeField(auto_now_add=True)),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('message', models.TextField(blank=True, help_text='What happened, in words.')),
                ('stop', models.BooleanField(default=False, help_text='Somebody wants the reading to end.')),
                ('requested_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('result', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rechecks', to='governance.checkresult')),
            ],
            options={
                'ordering': ['-requested_at'],
                'abstract': False,
            },
        ),
        AddTriggerQuickly(
            model_name='historicalrecheck',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='eb02fb1d4e7ee8cdd09fa8a8bac8aa06e946a761', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_48aeb', table='governance_historicalrecheck', when='BEFORE')),
        ),
        AddTriggerQuickly(
            model_name='historicalrecheck',
            trigger=pgtrigger.compiler.Trigger(name='no_truncate', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% cannot be truncated', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';", hash='c4bc6c6ac50e9d7dc628ccfc3f1cca659b5d92b2', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_no_truncate_6a049', table='governance_historicalrecheck', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='recheck',
            constraint=models.UniqueConstraint(condition=models.Q(('status__in', (governance.orders.RunStatus['QUEUED'], governance.orders.RunStatus['RUNNING']))), fields=('result',), name='recheck_once', violation_error_message='The check is being asked again already.'),
        ),
        AddTriggerQuickly(
            model_name='recheck',
            trigger=pgtrigger.compiler.Trigger(name='audited', sql=pgtrigger.compiler.UpsertTriggerSql(constraint='CONSTRAINT', func="\n        IF NOT EXISTS (SELECT 1 FROM governance_auditevent WHERE xid = pg_current_xact_id()) THEN\n            RAISE EXCEPTION 'A change of % needs an audit event in the same transaction', TG_TABLE_NAME\n                USING ERRCODE = 'integrity_constraint_violation', HINT = 'Use governance.workflow, governance.handoff or audit.append.';\n        END IF;\n        RETURN NULL;\n    ", hash='293cc0057da98c15d030c50aa000317e0705f167', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_audited_e3596', table='governance_recheck', timing='DEFERRABLE INITIALLY DEFERRED', when='AFTER')),
        ),
        AddTriggerQuickly(
            model_name='recheck',
            trigger=pgtrigger.compiler.Trigger(name='no_truncate', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% cannot be truncated', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';", hash='03e3f975c2a8daa7f960d6b640afdce6fb4a6367', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_no_truncate_78fa3', table='governance_recheck', when='BEFORE')),
        ),
        AddTriggerQuickly(
            model_name='recheck',
            trigger=pgtrigger.compiler.Trigger(name='kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='08e5f35a09aaf76c71e34a6cedd0e8d53e16c16c', operation='DELETE', pgid='pgtrigger_kept_ce06e', table='governance_recheck', when='BEFORE')),
        ),
    ])
