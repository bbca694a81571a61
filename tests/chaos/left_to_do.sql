-- What returned waits for its creator, and what a payout of their own has stopped, for a person.
SELECT
FROM payouts AS payout
WHERE next_retry_at IS NOT NULL
    AND status <> 'returned'
    AND NOT EXISTS (
        SELECT
        FROM payout_attempts AS attempt
        JOIN differences AS difference ON difference.account = attempt.destination
        WHERE attempt.payout_id = payout.id
            AND difference.kind = 'foreign_bank_payout'
            AND difference.resolved_at IS NULL
    )
UNION ALL
SELECT FROM stripe_inbox WHERE handled_at IS NULL
UNION ALL
SELECT FROM holds WHERE lifted_at IS NULL AND expires_at IS NOT NULL
UNION ALL
SELECT FROM sending_pauses WHERE lifted_at IS NULL
