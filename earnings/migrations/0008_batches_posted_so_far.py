from django.db import migrations

# Each batch posted so far becomes a posting of its own, with the same number. Traces are append-only, so they are
# rewritten, not updated.
FORWARD = """
INSERT INTO postings (id, posted_at) SELECT id, posted_at FROM billing_batches WHERE posted_at IS NOT NULL;
SELECT setval(pg_get_serial_sequence('postings', 'id'), max(id)) FROM postings;
UPDATE billing_batches SET posting_id = id WHERE posted_at IS NOT NULL;
ALTER TABLE earning_postings ALTER COLUMN batches TYPE bigint[] USING ARRAY[posting_id];
"""

# Split a trace of several batches again, according to their records.
BACKWARD = """
CREATE TEMPORARY TABLE taken_apart ON COMMIT DROP AS
SELECT
    record.batch_id,
    trace.earning_id,
    sum(CASE WHEN kind IN ('refund', 'chargeback') THEN -amount ELSE amount END)::bigint AS gross,
    coalesce(sum(CASE WHEN kind IN ('refund', 'chargeback') THEN amount ELSE -amount END)
        FILTER (WHERE kind <> 'charge'), 0)::bigint AS refunds,
    count(*) FILTER (WHERE kind = 'charge') AS transactions,
    coalesce(sum(record.api_calls) FILTER (WHERE kind = 'charge'), 0)::bigint AS api_calls
FROM earning_postings AS trace
JOIN creator_earnings AS earning ON earning.id = trace.earning_id
CROSS JOIN unnest(trace.batches) AS batch (id)
JOIN billing_records AS record
    ON record.batch_id = batch.id
    AND record.creator_id = earning.creator_id
    AND record.api_id = earning.api_id
    AND record.currency = earning.currency
    AND record.commission_bps = earning.commission_bps
    AND record.occurred_at >= earning.period_start
    AND record.occurred_at < earning.period_end
GROUP BY record.batch_id, trace.earning_id;
TRUNCATE earning_postings;
INSERT INTO earning_postings (posting_id, earning_id, batches, gross, refunds, transactions, api_calls)
SELECT batch_id, earning_id, ARRAY[batch_id], gross, refunds, transactions, api_calls
FROM taken_apart
ORDER BY batch_id;
UPDATE billing_batches SET posting_id = NULL;
DELETE FROM postings;
"""


class Migration(migrations.Migration):
    dependencies = [("earnings", "0007_postings")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
