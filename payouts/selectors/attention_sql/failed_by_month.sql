-- What failed in each month, by when it did; a retry that succeeded doesn't undo that its payout failed.
SELECT
    month_of(moved.at) AS month,
    payout.currency,
    count(*) AS count,
    sum(payout.net_amount)::bigint AS amount
FROM payouts AS payout
CROSS JOIN LATERAL (
    SELECT max(event.at) AS at
    FROM payout_events AS event
    WHERE event.payout_id = payout.id AND event.to_status = 'failed'
) AS moved
WHERE payout.status = 'failed' AND moved.at >= %(since)s
GROUP BY month, payout.currency
ORDER BY month, payout.currency
