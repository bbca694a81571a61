SELECT format(
    'payout %s is %s, its lines %s %s',
    payout.id, payout.net_amount, coalesce(sum(line.net_revenue), 0), payout.currency
) AS finding
FROM payouts AS payout
LEFT JOIN payout_line_items AS line ON line.payout_id = payout.id
WHERE payout.id IN ({payouts})
GROUP BY payout.id
HAVING payout.net_amount <> coalesce(sum(line.net_revenue), 0)
    OR payout.gross_amount <> coalesce(sum(line.gross_revenue), 0)
    OR payout.platform_fee <> coalesce(sum(line.platform_fee), 0)
