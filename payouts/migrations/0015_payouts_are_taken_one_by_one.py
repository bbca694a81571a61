from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("payouts", "0014_queued_payouts_are_found"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="payout", name="payout_queued"),
        migrations.RenameField(model_name="payout", old_name="queued_at", new_name="taken_at"),
        migrations.AddIndex(
            model_name="payout",
            index=models.Index(
                fields=["taken_at"], condition=models.Q(taken_at__isnull=False), name="payout_taken"
            ),
        ),
        migrations.RemoveIndex(model_name="payout", name="payout_due"),
        migrations.AddIndex(
            model_name="payout",
            index=models.Index(
                fields=["next_retry_at", "id"],
                condition=models.Q(next_retry_at__isnull=False),
                name="payout_due",
            ),
        ),
    ]
