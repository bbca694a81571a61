-- What is due in each currency, and how far Stripe's balance reaches, in the order of ids. Payouts in progress
-- may or may not have left the balance yet, so their amount is reserved. Sums are capped at a bigint's maximum, so that
-- one currency's overflow doesn't stop the others.
WITH balance AS (
    SELECT * FROM unnest(%(currencies)s::text[], %(amounts)s::bigint[]) AS available (currency, available)
),
under_way AS (
    SELECT currency, least(sum(net_amount), 9223372036854775807)::bigint AS net
    FROM payouts
    WHERE next_retry_at IS NOT NULL AND status IN ('processing', 'unresolved')
    GROUP BY currency
),
waiting AS (
    SELECT
        payouts.id,
        payouts.currency,
        payouts.net_amount,
        sum(payouts.net_amount) OVER (PARTITION BY payouts.currency ORDER BY payouts.id) AS so_far
    FROM payouts
    WHERE next_retry_at <= %(now)s AND status = 'pending'
)
SELECT
    waiting.currency,
    least(sum(waiting.net_amount), 9223372036854775807)::bigint AS needed,
    coalesce(max(balance.available), 0)::bigint AS available,
    coalesce(max(under_way.net), 0)::bigint AS under_way,
    (array_agg(waiting.id ORDER BY waiting.id DESC) FILTER (
        WHERE waiting.so_far <= coalesce(balance.available, 0) - coalesce(under_way.net, 0)
    ))[1] AS covered_until
FROM waiting
LEFT JOIN balance USING (currency)
LEFT JOIN under_way USING (currency)
GROUP BY waiting.currency
