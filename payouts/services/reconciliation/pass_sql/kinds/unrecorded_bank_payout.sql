-- It names an attempt of ours that has no record of it.
SELECT
    listed.id AS subject,
    payout.id AS payout_id,
    payout.creator_id,
    listed.account,
    listed.amount,
    listed.currency,
    format('Stripe says %s; the attempt is %s, the payout %s', listed.status, attempt.status, payout.status) AS detail,
    listed.created AS at
FROM stripe_bank_payouts AS listed
JOIN payout_attempts AS attempt ON attempt.id = listed.attempt_id
JOIN payouts AS payout ON payout.id = attempt.payout_id
WHERE attempt.kind = 'bank_payout' AND attempt.stripe_id = ''
