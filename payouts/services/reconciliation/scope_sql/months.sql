-- The months in which something was earned, or a payout became or stopped being paid, since the last checkpoint.
SELECT earning.period_start AS month
FROM earning_postings AS trace
JOIN creator_earnings AS earning ON earning.id = trace.earning_id
WHERE trace.posting_id > {last_posting}
UNION
SELECT month_of(at)
FROM payout_events
WHERE id > {last_event} AND 'paid' IN (from_status, to_status)
ORDER BY month
