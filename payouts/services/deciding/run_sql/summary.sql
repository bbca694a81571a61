SELECT reason, currency, count(*) AS creators, sum(net)::bigint AS amount
FROM run_decision
GROUP BY reason, currency
