-- What other uses of the Stripe account transferred, by day and currency. Days that this pass hasn't listed whole wait.
SELECT
    format('%s %s', day::date, currency) AS subject,
    NULL::uuid AS payout_id,
    NULL::uuid AS creator_id,
    '' AS account,
    sum(amount - amount_reversed)::bigint AS amount,
    currency,
    format('%s to accounts of no creator, naming no payout; the first is %s', count(*), min(id)) AS detail,
    max(created) AS at
FROM (
    SELECT *, date_trunc('day', created, 'UTC') AS day
    FROM foreign_transfers
    WHERE amount > amount_reversed
) AS listed
WHERE EXISTS (
        SELECT FROM this_pass
        WHERE NOT ignores_foreign AND day >= since AND day + interval '1 day' <= settled
    )
GROUP BY day, currency
