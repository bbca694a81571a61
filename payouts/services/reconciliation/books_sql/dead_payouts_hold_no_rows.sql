SELECT format('payout %s is %s and still holds earning %s', payout.id, payout.status, earning.id) AS finding
FROM creator_earnings AS earning
JOIN payouts AS payout ON payout.id = earning.payout_id
WHERE payout.id IN ({payouts})
    AND (payout.status IN ('failed', 'cancelled', 'reversed') OR payout.creator_id <> earning.creator_id)
