-- It names an attempt of ours and matches it, but the attempt has no record of it.
SELECT
    listed.id AS subject,
    payout.id AS payout_id,
    payout.creator_id,
    listed.destination AS account,
    listed.amount - listed.amount_reversed AS amount,
    listed.currency,
    format('Stripe has it; the attempt is %s, the payout %s', attempt.status, payout.status) AS detail,
    listed.created AS at
FROM stripe_transfers AS listed
JOIN payout_attempts AS attempt ON attempt.id = listed.attempt_id
JOIN payouts AS payout ON payout.id = attempt.payout_id
WHERE attempt.kind = 'transfer'
    AND attempt.stripe_id = ''
    AND (attempt.amount, attempt.currency, attempt.destination) = (listed.amount, listed.currency, listed.destination)
    AND NOT EXISTS (
        SELECT FROM differences AS known WHERE known.subject = listed.id AND known.kind = 'unexpected_transfer'
    )
