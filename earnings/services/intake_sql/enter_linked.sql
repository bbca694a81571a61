INSERT INTO billing_records (
    source_id, batch_id, record_id, kind, api_id, creator_id, commission_bps, subscription_id, customer_id,
    amount, currency, occurred_at, api_calls, related_record_id
)
SELECT
    %(source)s, %(batch)s, record_id, kind, api_id, creator_id, commission_bps, subscription_id, customer_id,
    amount, currency, occurred_at, api_calls, related_record_id
FROM billing_resolved
WHERE taken
ORDER BY line
