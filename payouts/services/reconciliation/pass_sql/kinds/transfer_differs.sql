SELECT
    listed.id AS subject,
    payout.id AS payout_id,
    payout.creator_id,
    attempt.destination AS account,
    CASE WHEN listed.currency = attempt.currency THEN listed.amount - attempt.amount ELSE listed.amount END AS amount,
    listed.currency,
    format(
        'Stripe: %s %s to %s in group %s; sent: %s %s to %s in group %s',
        listed.amount, listed.currency, listed.destination, listed.transfer_group,
        attempt.amount, attempt.currency, attempt.destination, payout.transfer_group
    ) AS detail,
    attempt.ended_at AS at
FROM stripe_transfers AS listed
JOIN payouts AS payout ON payout.stripe_transfer_id = listed.id
JOIN payout_attempts AS attempt ON attempt.payout_id = payout.id AND attempt.stripe_id = listed.id
WHERE (listed.amount, listed.currency, listed.destination, listed.transfer_group)
    IS DISTINCT FROM (attempt.amount, attempt.currency::text, attempt.destination::text, payout.transfer_group::text)
