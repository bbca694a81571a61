SELECT
    absent.id AS subject,
    payout.id AS payout_id,
    payout.creator_id,
    attempt.destination AS account,
    -attempt.amount AS amount,
    attempt.currency,
    format('the payout is %s; Stripe has no such bank payout', payout.status) AS detail,
    attempt.ended_at AS at
FROM stripe_absent AS absent
JOIN payout_attempts AS attempt ON attempt.stripe_id = absent.id AND attempt.kind = 'bank_payout'
JOIN payouts AS payout ON payout.id = attempt.payout_id
