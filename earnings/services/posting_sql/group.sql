-- Figures of DESIGN: refunds are positive and inside gross; transactions and API calls are those of charges.
INSERT INTO posting_delta
SELECT
    batch_id,
    creator_id,
    api_id,
    currency,
    date_trunc('month', occurred_at, 'UTC')::date,
    commission_bps,
    sum(CASE WHEN kind IN ('refund', 'chargeback') THEN -amount ELSE amount END),
    coalesce(sum(CASE WHEN kind IN ('refund', 'chargeback') THEN amount ELSE -amount END)
        FILTER (WHERE kind <> 'charge'), 0),
    count(*) FILTER (WHERE kind = 'charge'),
    coalesce(sum(api_calls) FILTER (WHERE kind = 'charge'), 0)
FROM billing_records
WHERE batch_id = ANY(%(batches)s)
GROUP BY batch_id, creator_id, api_id, currency, date_trunc('month', occurred_at, 'UTC')::date, commission_bps
