SELECT format('payout %s is %s with %s transfers of its amount', payout.id, payout.status, count(attempt.id)) AS finding
FROM payouts AS payout
LEFT JOIN payout_attempts AS attempt
    ON attempt.payout_id = payout.id
    AND attempt.kind = 'transfer'
    AND attempt.status = 'succeeded'
    AND attempt.amount = payout.net_amount
    AND attempt.stripe_id = payout.stripe_transfer_id
WHERE payout.id IN ({payouts}) AND payout.status IN ('in_transit', 'paid', 'returned', 'reversed')
GROUP BY payout.id
HAVING count(attempt.id) <> 1
