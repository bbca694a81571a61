SELECT format('line %s differs from earning %s', line.id, earning.id) AS finding
FROM payout_line_items AS line
JOIN creator_earnings AS earning ON earning.id = line.earning_id
WHERE (line.gross_revenue, line.platform_fee, line.net_revenue, line.commission_bps, line.period_start)
    IS DISTINCT FROM
    (earning.gross, earning.platform_fee, earning.net, earning.commission_bps, earning.period_start)
