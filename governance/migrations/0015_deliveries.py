from django.db import migrations, models

from governance.migrations._operations import together


class Migration(migrations.Migration):

    dependencies = [
        ('governance', '0014_executor'),
    ]

    operations = together([
        migrations.AddField(
            model_name='delivery',
            name='taken_until',
            field=models.DateTimeField(help_text='Until then somebody is sending it.', null=True),
        ),
    ])
