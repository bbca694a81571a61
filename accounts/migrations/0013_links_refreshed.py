from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0012_creator_changes_guard'),
    ]

    operations = [
        migrations.AddField(
            model_name='creatorpaymentaccount',
            name='links_refreshed',
            field=models.PositiveIntegerField(default=0),
        ),
    ]
