SELECT earning.period_start AS month
FROM postings AS posting
JOIN earning_postings AS trace ON trace.posting_id = posting.id
JOIN creator_earnings AS earning ON earning.id = trace.earning_id
WHERE posting.posted_at >= coalesce(%(since)s::timestamptz, '-infinity')
UNION
SELECT date_trunc('month', event.at, 'UTC')::date
FROM payout_events AS event
WHERE 'paid' IN (event.from_status, event.to_status)
    AND event.at >= coalesce(%(since)s::timestamptz, '-infinity')
ORDER BY month
