# The triggers of the rows between two others.

import pgtrigger.compiler

from django.db import migrations

from governance.migrations._operations import AddTriggerQuickly, together


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0010_monitoring"),
    ]

    operations = together([
        migrations.CreateModel(
            name="DomainOwner",
            fields=[],
            options={
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("governance.domain_owners",),
        ),
        migrations.CreateModel(
            name="ResourceTarget",
            fields=[],
            options={
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("governance.resource_targets",),
        ),
        migrations.CreateModel(
            name="SpecDomain",
            fields=[],
            options={
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("governance.spec_domains",),
        ),
        AddTriggerQuickly(
            model_name="domainowner",
            trigger=pgtrigger.compiler.Trigger(
                name="audited",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    func="\n        IF NOT EXISTS (SELECT 1 FROM governance_auditevent WHERE xid = pg_current_xact_id()) THEN\n            RAISE EXCEPTION 'A change of % needs an audit event in the same transaction', TG_TABLE_NAME\n                USING ERRCODE = 'integrity_constraint_violation', HINT = 'Use governance.workflow, governance.handoff or audit.append.';\n        END IF;\n        RETURN NULL;\n    ",
                    hash="b736ff140b2aaa4db120716b3068fa8100c3d2c1",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_audited_70ca0",
                    table="governance_domain_owners",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        AddTriggerQuickly(
            model_name="domainowner",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION '% cannot be truncated', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';",
                    hash="810db4bfe2c642b6cb2d6e6cffb4282b15c4a29d",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_48b6a",
                    table="governance_domain_owners",
                    when="BEFORE",
                ),
            ),
        ),
        AddTriggerQuickly(
            model_name="resourcetarget",
            trigger=pgtrigger.compiler.Trigger(
                name="audited",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    func="\n        IF NOT EXISTS (SELECT 1 FROM governance_auditevent WHERE xid = pg_current_xact_id()) THEN\n            RAISE EXCEPTION 'A change of % needs an audit event in the same transaction', TG_TABLE_NAME\n                USING ERRCODE = 'integrity_constraint_violation', HINT = 'Use governance.workflow, governance.handoff or audit.append.';\n        END IF;\n        RETURN NULL;\n    ",
                    hash="b55ff16e1659d6166dc9c07b2a5fd882675730f4",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_audited_9fc2e",
                    table="governance_resource_targets",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        AddTriggerQuickly(
            model_name="resourcetarget",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION '% cannot be truncated', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';",
                    hash="8e5af45399df1ec8701a1df70900d88cc5823f58",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_a1341",
                    table="governance_resource_targets",
                    when="BEFORE",
                ),
            ),
        ),
        AddTriggerQuickly(
            model_name="specdomain",
            trigger=pgtrigger.compiler.Trigger(
                name="audited",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    func="\n        IF NOT EXISTS (SELECT 1 FROM governance_auditevent WHERE xid = pg_current_xact_id()) THEN\n            RAISE EXCEPTION 'A change of % needs an audit event in the same transaction', TG_TABLE_NAME\n                USING ERRCODE = 'integrity_constraint_violation', HINT = 'Use governance.workflow, governance.handoff or audit.append.';\n        END IF;\n        RETURN NULL;\n    ",
                    hash="4dca130105a1c537e5929d015d90f39a4e0c1671",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_audited_5292f",
                    table="governance_spec_domains",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        AddTriggerQuickly(
            model_name="specdomain",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION '% cannot be truncated', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';",
                    hash="898398074e2eef8e052285a3cc7be483d9027ca9",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_1b991",
                    table="governance_spec_domains",
                    when="BEFORE",
                ),
            ),
        ),
    ])
