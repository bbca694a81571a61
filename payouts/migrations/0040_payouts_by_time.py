from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False  # the table is written to meanwhile

    dependencies = [
        ('payouts', '0039_found_by_search'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='payout',
            index=models.Index(fields=['created_at'], name='payout_by_time'),
        ),
    ]
