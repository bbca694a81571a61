-- A payout's period spans its lines up to the run's cut-off, not debts of later periods.
SELECT format(
    'payout %s spans %s to %s, its lines %s to %s',
    payout.id, payout.period_start, payout.period_end, lines.starts, lines.ends
) AS finding
FROM payouts AS payout
JOIN (
    SELECT
        line.payout_id,
        min(line.period_start) FILTER (WHERE is_due) AS starts,
        max(line.period_end) FILTER (WHERE is_due) AS ends
    FROM payout_line_items AS line
    JOIN payouts AS paid_by ON paid_by.id = line.payout_id
    LEFT JOIN payout_runs AS run ON run.id = paid_by.run_id
    CROSS JOIN LATERAL (SELECT line.period_end <= coalesce(run.cutoff, 'infinity') AS is_due) AS due
    WHERE line.payout_id IN ({payouts})
    GROUP BY line.payout_id
) AS lines ON lines.payout_id = payout.id
WHERE (payout.period_start, payout.period_end) IS DISTINCT FROM (lines.starts, lines.ends)
