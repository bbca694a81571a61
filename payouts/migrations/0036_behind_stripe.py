from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    dependencies = [("payouts", "0035_accounts_are_listed_in_turns")]
    operations = [
        migrations.CreateModel(
            name="IgnoredInstallation",
            fields=[
                ("uuid", models.UUIDField(primary_key=True, serialize=False)),
                ("ignored_by", models.CharField(max_length=255)),
                ("reason", models.TextField()),
                ("ignored_at", models.DateTimeField(db_default=Now())),
            ],
            options={"db_table": "ignored_installations"},
        ),
        migrations.CreateModel(
            name="UnplacedTransfer",
            fields=[
                ("stripe_id", models.CharField(max_length=255, primary_key=True, serialize=False)),
                ("left_by", models.CharField(max_length=255)),
                ("reason", models.TextField()),
                ("left_at", models.DateTimeField(db_default=Now())),
            ],
            options={"db_table": "unplaced_transfers"},
        ),
        migrations.AlterField(
            model_name="sendingpause",
            name="cause",
            field=models.CharField(
                choices=[
                    ("behind_stripe", "The database is behind Stripe"),
                    ("key_refused", "Stripe refuses our key"),
                    ("staff", "Paused by staff"),
                    ("refusals", "Stripe refuses many creators in a row"),
                    ("short", "The balance at Stripe is too low"),
                    ("run_size", "A run is far larger than usual"),
                ],
                max_length=16,
            ),
        ),
    ]
