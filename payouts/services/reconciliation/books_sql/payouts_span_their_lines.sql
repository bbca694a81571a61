SELECT format(
    'payout %s spans %s to %s, its lines %s to %s', id, payout.period_start, payout.period_end, lines.starts, lines.ends
) AS finding
FROM payouts AS payout
JOIN (
    SELECT payout_id, min(period_start) AS starts, max(period_end) AS ends
    FROM payout_line_items
    GROUP BY payout_id
) AS lines ON lines.payout_id = payout.id
WHERE (payout.period_start, payout.period_end) IS DISTINCT FROM (lines.starts, lines.ends)
