SELECT earning.period_start AS month
FROM billing_batches AS batch
JOIN earning_postings AS posting ON posting.batch_id = batch.id
JOIN creator_earnings AS earning ON earning.id = posting.earning_id
WHERE batch.posted_at >= coalesce(%(since)s::timestamptz, '-infinity')
UNION
SELECT date_trunc('month', event.at, 'UTC')::date
FROM payout_events AS event
WHERE 'paid' IN (event.from_status, event.to_status)
    AND event.at >= coalesce(%(since)s::timestamptz, '-infinity')
ORDER BY month
