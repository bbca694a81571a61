SELECT format(
    'earning %s without an API is %s, its adjustment %s', earning.id, earning.gross, adjustment.amount
) AS finding
FROM (SELECT * FROM creator_earnings WHERE api_id IS NULL) AS earning
FULL JOIN (SELECT * FROM adjustments WHERE status = 'approved') AS adjustment ON adjustment.earning_id = earning.id
WHERE (earning.creator_id, earning.currency, earning.net, earning.closed_at IS NOT NULL)
    IS DISTINCT FROM (adjustment.creator_id, adjustment.currency::varchar, adjustment.amount, TRUE)
