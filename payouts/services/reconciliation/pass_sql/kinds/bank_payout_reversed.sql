-- What came back from a bank because a bank payout was reversed, ours or another. One that failed moved nothing.
SELECT
    listed.id AS subject,
    reversed.payout_id,
    holder.creator_id,
    listed.account,
    listed.amount,
    listed.currency,
    format('it reverses %s; Stripe says %s', listed.original_payout, listed.status) AS detail,
    listed.created AS at
FROM stripe_bank_payouts AS listed
LEFT JOIN payout_attempts AS reversed ON reversed.stripe_id = listed.original_payout AND reversed.kind = 'bank_payout'
LEFT JOIN creator_payment_accounts AS holder ON holder.stripe_account_id = listed.account
WHERE listed.amount < 0 AND listed.original_payout <> '' AND listed.status NOT IN ('failed', 'canceled')
