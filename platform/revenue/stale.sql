-- A look-up by key for each trace, not a join: with stale statistics, a join could become a nested loop over both
-- tables and run for minutes.
SELECT (SELECT period_start FROM creator_earnings WHERE id = trace.earning_id) AS month
FROM earning_postings AS trace
WHERE trace.posting_id IN (SELECT id FROM postings WHERE posted_at >= coalesce(%(since)s::timestamptz, '-infinity'))
UNION
SELECT month_of(event.at)
FROM payout_events AS event
WHERE 'paid' IN (event.from_status, event.to_status)
    AND event.at >= coalesce(%(since)s::timestamptz, '-infinity')
ORDER BY month
