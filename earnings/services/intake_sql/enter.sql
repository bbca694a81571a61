-- Enter valid records that name no charge. Of several copies the first enters. If one of the copies names a charge, all
-- wait until that one is decided.
INSERT INTO billing_records (
    source_id, batch_id, record_id, kind, api_id, creator_id, commission_bps, subscription_id, customer_id,
    amount, currency, occurred_at, api_calls, related_record_id
)
SELECT
    %(source)s, %(batch)s, record_id, kind, api_id, creator_id, commission_bps, subscription_id, customer_id,
    amount, currency, occurred_at, api_calls, related_record_id
FROM ({resolved}) AS resolved
WHERE verdict = ''
    AND related_record_id = ''
    AND (NOT %(links)s OR record_id NOT IN (
        SELECT record_id FROM billing_intake WHERE related_record_id <> '' AND reason = ''
    ))
ORDER BY line
ON CONFLICT (source_id, record_id) DO NOTHING
