from django.db import migrations

# What a record adds to gross: refunds and chargebacks subtract, their reversals add.
GROSS = """
CREATE FUNCTION gross_of(kind text, amount bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN kind IN ('refund', 'chargeback') THEN -amount ELSE amount END
$$
"""
# The records of a batch that belong to an earning, by the earning's unique key.
BEHIND = """
CREATE FUNCTION records_behind(
    batch bigint, creator uuid, api uuid, of_currency text, bps integer, starts date, ends date
) RETURNS SETOF billing_records LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT record.*
    FROM billing_records AS record
    WHERE record.batch_id = batch
        AND record.creator_id = creator
        AND record.api_id = api
        AND record.currency = of_currency
        AND record.commission_bps = bps
        AND record.occurred_at >= starts
        AND record.occurred_at < ends
$$
"""


class Migration(migrations.Migration):
    dependencies = [("earnings", "0032_undoings_name_their_write_off")]
    operations = [
        migrations.RunSQL(GROSS, "DROP FUNCTION gross_of(text, bigint)"),
        migrations.RunSQL(BEHIND, "DROP FUNCTION records_behind(bigint, uuid, uuid, text, integer, date, date)"),
    ]
