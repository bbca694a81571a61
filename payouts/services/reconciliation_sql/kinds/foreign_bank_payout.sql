-- One that failed or was cancelled has moved nothing.
SELECT
    listed.id AS subject,
    NULL::uuid AS payout_id,
    holder.creator_id,
    listed.account,
    listed.amount,
    listed.currency,
    format('Stripe says %s; it bears no attempt of ours', listed.status) AS detail,
    listed.created AS at
FROM stripe_bank_payouts AS listed
LEFT JOIN creator_payment_accounts AS holder ON holder.stripe_account_id = listed.account
WHERE listed.status NOT IN ('failed', 'canceled')
    AND NOT EXISTS (
        SELECT FROM payout_attempts AS attempt WHERE attempt.id = listed.attempt_id AND attempt.kind = 'bank_payout'
    )
