-- Enter what is usable and names no charge. Of several copies the first enters; if one of them names a charge, all wait
-- until it is known what becomes of that.
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
