SELECT
    unreadable.id AS subject,
    NULL::uuid AS payout_id,
    holder.creator_id,
    unreadable.account,
    0::bigint AS amount,
    this_pass.currency,
    unreadable.detail,
    NULL::timestamptz AS at
FROM this_pass
CROSS JOIN stripe_unreadable AS unreadable
LEFT JOIN creator_payment_accounts AS holder ON holder.stripe_account_id = unreadable.account
