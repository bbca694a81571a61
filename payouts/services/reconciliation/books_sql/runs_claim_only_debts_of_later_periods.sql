-- Of periods that end after a run's cut-off, its payouts claim only debts. Undoing a write-off is no debt.
SELECT format(
    'payout %s, of the run up to %s, has a line of %s up to %s',
    payout.id, run.cutoff, line.net_revenue, line.period_end
) AS finding
FROM payout_line_items AS line
JOIN payouts AS payout ON payout.id = line.payout_id
JOIN payout_runs AS run ON run.id = payout.run_id
LEFT JOIN adjustments AS undoing ON undoing.earning_id = line.earning_id AND undoing.write_off_id IS NOT NULL
WHERE line.payout_id IN ({payouts})
    AND line.period_end > run.cutoff
    AND (line.net_revenue >= 0 OR undoing.id IS NOT NULL)
