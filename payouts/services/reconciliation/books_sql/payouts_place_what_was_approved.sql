SELECT format('payout %s placed %s, approved %s', payout.id, payout.amount_placed, approved.amount) AS finding
FROM payouts AS payout
LEFT JOIN (
    SELECT payout_id, sum(amount) AS amount FROM suspense_placements WHERE status = 'approved' GROUP BY payout_id
) AS approved ON approved.payout_id = payout.id
WHERE payout.amount_placed <> coalesce(approved.amount, 0)
