-- Creators on hold and those whose account Stripe has restricted, with what waits because of that: what no payout has
-- claimed yet, and what waits in payouts on hold. Without a currency: nothing waits.
SELECT
    blocked.cause,
    blocked.creator_id,
    blocked.since,
    waiting.currency,
    coalesce(waiting.owed, 0) AS owed,
    coalesce(waiting.in_payouts, 0) AS in_payouts
FROM (
    SELECT 'on_hold' AS cause, creator_id, min(placed_at) AS since
    FROM holds
    WHERE lifted_at IS NULL
    GROUP BY creator_id
    UNION ALL
    SELECT 'restricted' AS cause, creator_id, NULL AS since
    FROM creator_payment_accounts
    WHERE replaced_at IS NULL AND account_status IN ('restricted', 'disabled')
) AS blocked
LEFT JOIN LATERAL (
    SELECT currency, sum(owed)::bigint AS owed, sum(in_payouts)::bigint AS in_payouts
    FROM (
        SELECT currency, balance AS owed, 0 AS in_payouts
        FROM ledger_accounts
        WHERE owner_id = blocked.creator_id AND kind = 'creator_payable' AND balance > 0
        UNION ALL
        SELECT currency, 0 AS owed, net_amount AS in_payouts
        FROM payouts
        WHERE creator_id = blocked.creator_id AND status = 'on_hold'
    ) AS part
    GROUP BY currency
) AS waiting ON true
