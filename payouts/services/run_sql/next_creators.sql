SELECT DISTINCT creator_id
FROM creator_earnings
WHERE payout_id IS NULL
    AND creator_id > %(after)s
    AND CASE WHEN api_id IS NULL THEN created_at < %(cutoff)s ELSE period_end <= %(cutoff)s END
ORDER BY creator_id
LIMIT %(limit)s
