-- What Stripe took from a creator's bank, for a negative balance on their account. One that failed moved nothing.
SELECT
    listed.id AS subject,
    NULL::uuid AS payout_id,
    holder.creator_id,
    listed.account,
    listed.amount,
    listed.currency,
    format('Stripe says %s', listed.status) AS detail,
    listed.created AS at
FROM stripe_bank_payouts AS listed
LEFT JOIN creator_payment_accounts AS holder ON holder.stripe_account_id = listed.account
WHERE listed.amount < 0 AND listed.original_payout = '' AND listed.status NOT IN ('failed', 'canceled')
