from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0017_known_apis'),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='creatorpaymentaccount',
            constraint=models.CheckConstraint(condition=models.Q(('api__in', ['v1', 'v2']), models.Q(('opening_since__isnull', True), ('stripe_account_id__isnull', True)), _connector='OR'), name='account_has_the_api_that_opens_it'),
        ),
    ]
