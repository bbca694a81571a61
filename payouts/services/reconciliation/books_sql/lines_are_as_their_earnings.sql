-- A line item is a copy of the row it claimed. A live payout holds exactly the rows of its line items.
SELECT format('payout %s: line %s differs from earning %s', line.payout_id, line.id, line.earning_id) AS finding
FROM payout_line_items AS line
JOIN payouts AS payout ON payout.id = line.payout_id
LEFT JOIN creator_earnings AS earning ON earning.id = line.earning_id
WHERE line.payout_id IN ({payouts})
    AND (
        (
            payout.creator_id, payout.currency, line.api_id, line.description, line.period_start, line.period_end,
            line.commission_bps, line.gross_revenue, line.platform_fee, line.net_revenue, line.total_api_calls
        ) IS DISTINCT FROM (
            earning.creator_id, earning.currency, earning.api_id, earning.description, earning.period_start,
            earning.period_end, earning.commission_bps, earning.gross, earning.platform_fee, earning.net,
            earning.api_calls
        )
        OR (
            payout.status NOT IN ('failed', 'cancelled', 'reversed')
            AND earning.payout_id IS DISTINCT FROM line.payout_id
        )
    )
UNION ALL
SELECT format('payout %s holds earning %s without a line', earning.payout_id, earning.id)
FROM creator_earnings AS earning
LEFT JOIN payout_line_items AS line ON line.earning_id = earning.id AND line.payout_id = earning.payout_id
WHERE earning.payout_id IN ({payouts}) AND line.id IS NULL
