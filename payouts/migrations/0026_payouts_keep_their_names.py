from django.db import migrations

# What was sent before keeps its group, keys and metadata, under which Stripe knows it.
BACKFILL = """
UPDATE payouts
SET ordinal = counted.ordinal, reference = payouts.id::text, transfer_group = payouts.id::text
FROM (
    SELECT id, row_number() OVER (PARTITION BY run_id, creator_id, currency ORDER BY created_at, id) AS ordinal
    FROM payouts
) AS counted
WHERE payouts.id = counted.id;
UPDATE payout_attempts SET metadata = jsonb_build_object('payout_id', payout_id, 'attempt_id', id);
"""


class Migration(migrations.Migration):
    dependencies = [("payouts", "0025_references")]
    operations = [migrations.RunSQL(BACKFILL, migrations.RunSQL.noop)]
