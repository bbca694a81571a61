from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("payouts", "0004_differences")]
    operations = [
        migrations.AddIndex(
            model_name="payout",
            index=models.Index(
                condition=models.Q(("status__in", ("paid", "failed", "cancelled", "reversed")), _negated=True),
                fields=["creator"],
                name="payout_unfinished_by_creator",
            ),
        )
    ]
