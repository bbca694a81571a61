SELECT
    date_trunc('month', earning.period_start)::date AS month,
    sum(earning.gross)::bigint AS gross,
    sum(earning.platform_fee)::bigint AS platform_fee,
    sum(earning.net)::bigint AS net,
    sum(earning.refunds)::bigint AS refunds,
    sum(earning.transactions)::bigint AS transactions,
    sum(earning.api_calls)::bigint AS api_calls
FROM creator_earnings AS earning
JOIN apis AS api ON api.id = earning.api_id
WHERE earning.creator_id = (SELECT id FROM creators WHERE external_id = %(creator)s)
    AND api.external_id = %(api)s
    AND earning.currency = %(currency)s
    AND earning.period_start >= %(first)s
    AND earning.period_start < %(last)s + interval '1 month'
GROUP BY month
ORDER BY month DESC
