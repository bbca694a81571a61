from django.db import migrations, models

# A digest of all values of a record, except its own id and its batch's.
CREATE = """
CREATE FUNCTION billing_record_digest(record billing_records) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT hash_record_extended((
        record.source_id, record.record_id, record.kind, record.api_id, record.creator_id, record.commission_bps,
        record.subscription_id, record.customer_id, record.amount, record.currency, record.occurred_at,
        record.api_calls, record.related_record_id
    ), 0)
$$
"""

# Existing records are taken to be as they were accepted.
FILL = """
UPDATE billing_batches AS batch
SET digest = held.digest
FROM (
    SELECT batch_id, bit_xor(billing_record_digest(record)) AS digest
    FROM billing_records AS record
    GROUP BY batch_id
) AS held
WHERE held.batch_id = batch.id
"""


class Migration(migrations.Migration):
    dependencies = [("earnings", "0017_records_that_move")]
    operations = [
        migrations.AddField(
            model_name="billingbatch",
            name="digest",
            field=models.BigIntegerField(db_default=0),
        ),
        migrations.RunSQL(CREATE, "DROP FUNCTION billing_record_digest(billing_records)"),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
