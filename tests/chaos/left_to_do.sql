-- Without payouts that a person has to look at first, because of what somebody did at Stripe.
SELECT
FROM payouts AS payout
WHERE next_retry_at IS NOT NULL
    -- A failed payout is decided again in days, and the last run pays it anyway.
    AND payout.status <> 'failed'
    AND NOT EXISTS (
        SELECT
        FROM payout_attempts AS attempt
        JOIN differences AS difference
            ON difference.account = attempt.destination OR difference.payout_id = attempt.payout_id
        WHERE attempt.payout_id = payout.id AND difference.resolved_at IS NULL
    )
UNION ALL
SELECT FROM stripe_inbox WHERE handled_at IS NULL
UNION ALL
SELECT FROM holds WHERE lifted_at IS NULL AND expires_at IS NOT NULL
UNION ALL
SELECT FROM sending_pauses WHERE lifted_at IS NULL
