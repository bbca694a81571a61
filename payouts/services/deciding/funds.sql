-- What is due to be sent in each currency, and how far what Stripe has available reaches, in the order of ids. What is
-- under way may or may not have left the balance yet, so it is set aside. What is needed may be more than any balance,
-- and then more than can be counted: that must not keep other currencies from being weighed.
WITH given AS (
    SELECT * FROM unnest(%(currencies)s::text[], %(amounts)s::bigint[]) AS said (currency, available)
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
    coalesce(max(given.available), 0)::bigint AS available,
    coalesce(max(under_way.net), 0)::bigint AS under_way,
    (array_agg(waiting.id ORDER BY waiting.id DESC) FILTER (
        WHERE waiting.so_far <= coalesce(given.available, 0) - coalesce(under_way.net, 0)
    ))[1] AS covered_until
FROM waiting
LEFT JOIN given USING (currency)
LEFT JOIN under_way USING (currency)
GROUP BY waiting.currency
