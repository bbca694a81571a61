from django.db import migrations

# Until now a payout was reversed as a whole or not at all.
_REVERSED = "UPDATE payouts SET amount_reversed = net_amount WHERE status = 'reversed'"
_ARRIVED = "UPDATE payouts SET arrival_amount = bank_amount WHERE bank_amount IS NOT NULL"


class Migration(migrations.Migration):
    dependencies = [("payouts", "0008_legs_in_full")]

    operations = [
        migrations.RunSQL(_REVERSED, migrations.RunSQL.noop),
        migrations.RunSQL(_ARRIVED, migrations.RunSQL.noop),
    ]
