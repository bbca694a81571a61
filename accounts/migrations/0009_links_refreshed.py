from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0008_staff_rights'),
    ]

    operations = [
        migrations.AddField(
            model_name='creatorpaymentaccount',
            name='links_refreshed',
            field=models.PositiveIntegerField(default=0),
        ),
    ]
