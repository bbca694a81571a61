SELECT
    absent.id AS subject,
    payout.id AS payout_id,
    payout.creator_id,
    attempt.destination AS account,
    -attempt.amount AS amount,
    attempt.currency,
    format('the payout is %s; Stripe has no such transfer', payout.status) AS detail,
    attempt.ended_at AS at
FROM stripe_absent AS absent
JOIN payouts AS payout ON payout.stripe_transfer_id = absent.id
JOIN payout_attempts AS attempt ON attempt.payout_id = payout.id AND attempt.stripe_id = absent.id
