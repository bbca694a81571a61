SELECT DISTINCT creator_id
FROM creator_earnings
WHERE payout_id IS NULL
    AND creator_id > %(after)s
    AND period_end <= %(cutoff)s
ORDER BY creator_id
LIMIT %(limit)s
