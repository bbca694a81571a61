from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("earnings", "0013_commission_guards")]
    operations = [
        migrations.AlterField(
            model_name="quarantinedrecord",
            name="reason",
            field=models.CharField(
                choices=[
                    ("conflict", "Another record has this id"),
                    ("syntax", "Not a billing record"),
                    ("amount_not_integer", "Amount is not a whole number of minor units"),
                    ("amount_not_positive", "Amount is not positive"),
                    ("too_large", "Amount or number of API calls is above 999,999,999,999"),
                    ("currency_unknown", "Unknown currency"),
                    ("currency_not_paid", "No payouts are made in this currency"),
                    ("time_invalid", "Not a time with its offset"),
                    ("time_too_old", "Lies before the year 2000"),
                    ("time_in_future", "Lies in the future"),
                    ("api_unknown", "Unknown API"),
                    ("owner_unknown", "The API has no owner"),
                    ("owner_mismatch", "The API belonged to someone else"),
                    ("charge_unknown", "The charge it takes from is unknown"),
                    ("exceeds_charge", "Takes back more than is left of its charge"),
                    ("unpostable", "Can't be added to the earnings"),
                ],
                max_length=20,
            ),
        )
    ]
