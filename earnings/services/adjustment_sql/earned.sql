SELECT adjustment.creator_id, adjustment.currency, earning.period_end, adjustment.amount
FROM adjustments AS adjustment
JOIN creator_earnings AS earning ON earning.id = adjustment.earning_id
WHERE adjustment.id = %(adjustment)s
