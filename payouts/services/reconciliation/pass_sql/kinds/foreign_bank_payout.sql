-- Bank payouts that belong to no payout. One that failed, was cancelled or was reversed moved nothing.
SELECT
    listed.id AS subject,
    attempt.payout_id,
    holder.creator_id,
    listed.account,
    listed.amount,
    listed.currency,
    CASE
        WHEN attempt.id IS NULL THEN format('Stripe says %s; it names no attempt of ours', listed.status)
        ELSE format('Stripe says %s; its attempt made %s', listed.status, attempt.stripe_id)
    END AS detail,
    listed.created AS at
FROM stripe_bank_payouts AS listed
LEFT JOIN payout_attempts AS attempt ON attempt.id = listed.attempt_id AND attempt.kind = 'bank_payout'
LEFT JOIN creator_payment_accounts AS holder ON holder.stripe_account_id = listed.account
WHERE listed.status NOT IN ('failed', 'canceled')
    AND listed.amount >= 0
    AND NOT listed.came_back
    AND NOT EXISTS (SELECT FROM payouts AS own WHERE own.stripe_payout_id = listed.id)
    AND (attempt.id IS NULL OR attempt.stripe_id <> '')
