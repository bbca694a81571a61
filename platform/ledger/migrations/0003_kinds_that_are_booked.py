from django.db import migrations, models


class Migration(migrations.Migration):
    """Remove two kinds of accounts that were never used."""

    dependencies = [("ledger", "0002_triggers")]

    operations = [
        migrations.AlterField(
            model_name="ledgeraccount",
            name="kind",
            field=models.CharField(
                choices=[
                    ("creator_payable", "Creator payable"),
                    ("payouts_reserved", "Payouts reserved"),
                    ("receipts", "Receipts"),
                    ("platform_fees", "Platform fees"),
                    ("stripe_balance", "Stripe balance"),
                    ("adjustments", "Adjustments"),
                    ("write_offs", "Write-offs"),
                    ("fx_difference", "FX difference"),
                    ("suspense", "Suspense"),
                ],
                max_length=32,
            ),
        ),
    ]
