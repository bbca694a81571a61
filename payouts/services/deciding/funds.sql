-- What is due in each currency and could be sent, and how far Stripe's balance reaches, in the order of ids. What a
-- hold, the creator's account or its run stops isn't weighed. Payouts in progress may or may not have left the balance
-- yet, so their amount is reserved. A payout made before `wait_until` that exceeds all that is available no longer
-- stops those behind it. Sums are capped at a bigint's maximum, so that one currency's overflow stops no other.
WITH balance AS (
    SELECT * FROM unnest(%(currencies)s::text[], %(amounts)s::bigint[]) AS available (currency, available)
),
under_way AS (
    SELECT currency, least(sum(net_amount), 9223372036854775807)::bigint AS net
    FROM payouts
    WHERE next_retry_at IS NOT NULL AND status IN ('processing', 'unresolved')
    GROUP BY currency
),
due AS (
    SELECT
        payout.id,
        payout.currency,
        payout.net_amount,
        coalesce(balance.available, 0) AS available,
        coalesce(under_way.net, 0) AS under_way,
        payout.created_at < %(wait_until)s
        AND payout.net_amount > coalesce(balance.available, 0) - coalesce(under_way.net, 0) AS is_passed_over
    FROM payouts AS payout
    INNER JOIN creator_payment_accounts AS account
        ON account.creator_id = payout.creator_id AND account.replaced_at IS NULL AND account.account_status = 'active'
    LEFT JOIN balance ON balance.currency = payout.currency
    LEFT JOIN under_way ON under_way.currency = payout.currency
    WHERE payout.next_retry_at <= %(now)s
        AND payout.status = 'pending'
        AND NOT EXISTS (
            SELECT FROM holds AS hold WHERE hold.creator_id = payout.creator_id AND hold.lifted_at IS NULL
        )
        AND NOT EXISTS (
            SELECT FROM payouts AS other WHERE other.creator_id = payout.creator_id AND other.status = 'unresolved'
        )
        AND NOT EXISTS ({waits_for_its_run})
),
waiting AS (
    SELECT
        due.*,
        sum(CASE WHEN due.is_passed_over THEN 0 ELSE due.net_amount END)
            OVER (PARTITION BY due.currency ORDER BY due.id) AS so_far
    FROM due
)
SELECT
    currency,
    least(sum(net_amount), 9223372036854775807)::bigint AS needed,
    max(available)::bigint AS available,
    max(under_way)::bigint AS under_way,
    count(*) FILTER (WHERE is_passed_over) AS passed_over,
    (array_agg(id ORDER BY id) FILTER (WHERE NOT is_passed_over))[1] AS first,
    (array_agg(id ORDER BY id DESC) FILTER (WHERE NOT is_passed_over AND so_far <= available - under_way))[1]
        AS covered_until
FROM waiting
GROUP BY currency
