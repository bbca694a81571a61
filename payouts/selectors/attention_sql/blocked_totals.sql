SELECT
    cause,
    currency,
    count(*) AS creators,
    min(since) AS since,
    sum(owed + in_payouts)::bigint AS amount
FROM ({blocked}) AS each
GROUP BY cause, currency
ORDER BY cause, currency NULLS LAST
