-- Take the payout that has been due longest, skipping those that another worker is taking.
WITH due AS (
    {due}
    ORDER BY payout.next_retry_at, payout.id
    LIMIT 1
    FOR NO KEY UPDATE OF payout SKIP LOCKED
)
UPDATE payouts AS payout
SET taken_at = %(now)s
FROM due
WHERE payout.id = due.id
RETURNING payout.id, payout.status
