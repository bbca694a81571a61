UPDATE creator_earnings AS earning
SET payout_id = claimed.payout_id, closed_at = coalesce(earning.closed_at, %(now)s)
FROM ({claimed}) AS claimed
WHERE earning.id = claimed.earning_id
