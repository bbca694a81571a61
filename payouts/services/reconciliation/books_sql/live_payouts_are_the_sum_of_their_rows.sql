SELECT format('payout %s is %s, its rows %s', payout.id, payout.net_amount, coalesce(sum(earning.net), 0)) AS finding
FROM payouts AS payout
LEFT JOIN creator_earnings AS earning ON earning.payout_id = payout.id
WHERE payout.id IN ({payouts}) AND payout.status NOT IN ('failed', 'cancelled', 'reversed')
GROUP BY payout.id
HAVING payout.net_amount <> coalesce(sum(earning.net), 0)
