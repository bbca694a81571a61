-- What stops `payout`: a pause, its run, or the gate while it is shut. The gate stops transfers only: the attempt of a
-- payout that is processing is a transfer. Once it is unresolved, it is only looked up.
SELECT FROM ({pausing}) AS pause
UNION ALL
SELECT WHERE payout.status = 'pending' AND EXISTS ({waits_for_its_run})
UNION ALL
SELECT
WHERE payout.status IN ('pending', 'processing') AND NOT EXISTS ({gate})
