-- A transfer that was fully reversed moved nothing. Those of other uses of the Stripe account are a kind of their own.
SELECT
    listed.id AS subject,
    payout.id AS payout_id,
    payout.creator_id,
    listed.destination AS account,
    listed.amount - listed.amount_reversed AS amount,
    listed.currency,
    CASE
        WHEN payout.id IS NULL THEN format('to %s, naming no payout of ours', listed.destination)
        ELSE format('to %s, naming payout %s, whose transfer is %s',
            listed.destination, payout.id, coalesce(nullif(payout.stripe_transfer_id, ''), 'not made'))
    END AS detail,
    listed.created AS at
FROM stripe_transfers AS listed
LEFT JOIN payouts AS payout ON payout.id = listed.payout_id
WHERE listed.amount > listed.amount_reversed
    AND NOT EXISTS (SELECT FROM foreign_transfers WHERE foreign_transfers.id = listed.id)
    AND NOT EXISTS (SELECT FROM payouts AS sent WHERE sent.stripe_transfer_id = listed.id)
    AND NOT EXISTS (
        SELECT
        FROM payout_attempts AS attempt
        WHERE attempt.id = listed.attempt_id
            AND attempt.kind = 'transfer'
            AND attempt.stripe_id = ''
            AND (attempt.amount, attempt.currency, attempt.destination)
                = (listed.amount, listed.currency, listed.destination)
    )
    AND NOT EXISTS (
        SELECT FROM differences AS known WHERE known.subject = listed.id AND known.kind = 'unexpected_transfer'
    )
