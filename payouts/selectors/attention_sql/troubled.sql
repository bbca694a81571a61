-- Payouts whose creators wait for their money, by status, currency and reason. Of failed ones only those of a run that
-- nothing has replaced: older ones went into later runs.
SELECT
    payout.status,
    payout.currency,
    payout.failure_code,
    count(*) AS count,
    sum(payout.net_amount)::bigint AS amount,
    min(moved.at) AS since,
    count(*) FILTER (WHERE payout.status = 'failed' AND payout.next_retry_at IS NOT NULL) AS retried_later
FROM payouts AS payout
CROSS JOIN LATERAL (
    SELECT max(event.at) AS at
    FROM payout_events AS event
    WHERE event.payout_id = payout.id AND event.to_status = payout.status
) AS moved
WHERE payout.status IN ('on_hold', 'unresolved', 'returned', 'failed')
    AND (
        payout.status <> 'failed'
        OR (
            payout.run_id = %(run)s
            AND NOT EXISTS (SELECT FROM payouts AS retry WHERE retry.retry_of_id = payout.id)
        )
    )
GROUP BY payout.status, payout.currency, payout.failure_code
ORDER BY payout.status, payout.currency, count DESC, payout.failure_code
