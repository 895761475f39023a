from django.db import migrations, models
from governance.migrations._operations import together

FIELD = {'blank': True, 'help_text': 'The end that was approved, where the change was over before it.', 'null': True}


class Migration(migrations.Migration):

    dependencies = [
        ('governance', '0022_table_with_schema'),
    ]

    operations = together([
        migrations.AddField(model_name='booking', name='agreed_until', field=models.DateTimeField(**FIELD)),
        migrations.AddField(model_name='historicalbooking', name='agreed_until', field=models.DateTimeField(**FIELD)),
    ])
