-- What stops `payout`: a pause, its run, or the gate while it is shut. The gate stops transfers only: the attempt of a
-- payout that is processing is a transfer. Once it is unresolved, it is only looked up.
SELECT
FROM sending_pauses AS pause
WHERE pause.lifted_at IS NULL
    AND pause.run_id IS NULL
    AND (
        (pause.currency = '' AND (pause.cause <> 'refusals' OR payout.status = 'pending'))
        OR (
            payout.status = 'pending'
            AND payout.currency = pause.currency
            AND (pause.covered_until IS NULL OR payout.id > pause.covered_until OR payout.net_amount > pause.at_most)
        )
    )
UNION ALL
SELECT WHERE payout.status = 'pending' AND EXISTS ({waits_for_its_run})
UNION ALL
SELECT
WHERE payout.status IN ('pending', 'processing') AND NOT EXISTS ({gate})
