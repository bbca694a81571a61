SELECT
    currency,
    count(DISTINCT creator_id) AS creators,
    count(DISTINCT api_id) AS apis,
    sum(gross)::bigint AS gross,
    sum(fee_before)::bigint AS fee_before,
    sum(fee_after)::bigint AS fee_after
FROM ({changes}) AS changed
GROUP BY currency
ORDER BY currency
