import governance.models.domains
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models
from governance.migrations._operations import together


class Migration(migrations.Migration):

    dependencies = [
        ('governance', '0021_evidence_stays'),
    ]

    # Not valid: which schema an older row means nobody knows. It stays as it is until somebody writes it with its schema.
    operations = together([
        migrations.AlterField(
            model_name='domaintable',
            name='name',
            field=models.CharField(help_text='Schema and table, for example public.bids.', max_length=130, unique=True, validators=[governance.models.domains.with_schema]),
        ),
        migrations.AlterField(
            model_name='historicaldomaintable',
            name='name',
            field=models.CharField(db_index=True, help_text='Schema and table, for example public.bids.', max_length=130, validators=[governance.models.domains.with_schema]),
        ),
        AddConstraintNotValid(
            model_name='domaintable',
            constraint=models.CheckConstraint(condition=models.Q(('name__regex', '^[^.]+\\..+$')), name='domain_table_with_schema', violation_error_message="A domain's table is written with its schema, for example public.bids."),
        ),
    ])
