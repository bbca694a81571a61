-- Payouts that are due, and that no worker has and no pause stops.
SELECT payout.id
FROM payouts AS payout
WHERE payout.next_retry_at <= %(now)s
    AND payout.status = ANY(%(statuses)s)
    AND (payout.taken_at IS NULL OR payout.taken_at < %(lost_before)s)
    AND NOT EXISTS ({paused})
