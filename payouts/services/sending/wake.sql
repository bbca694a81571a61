-- Make the payouts due whose transfer went to this account, and that have no bank payout in progress.
UPDATE payouts AS payout
SET next_retry_at = %(now)s
WHERE payout.status = 'in_transit'
    AND payout.stripe_payout_id = ''
    AND payout.next_retry_at > %(now)s
    AND EXISTS (
        SELECT FROM payout_attempts AS sent
        WHERE sent.payout_id = payout.id
            AND sent.kind = 'transfer'
            AND sent.status = 'succeeded'
            AND sent.destination = %(account)s
    )
    AND NOT EXISTS (
        SELECT FROM payout_attempts AS attempt
        WHERE attempt.payout_id = payout.id AND attempt.status = 'open'
    )
