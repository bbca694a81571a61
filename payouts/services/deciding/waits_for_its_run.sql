-- Why nothing of `payout` may be sent yet: its run is still being made, or waits for staff because of its size.
SELECT
FROM payout_runs AS run
WHERE run.id = payout.run_id
    AND (
        (run.completed_at IS NULL AND run.superseded_at IS NULL)
        OR EXISTS (
            SELECT FROM sending_pauses AS held
            WHERE held.run_id = run.id AND held.currency = payout.currency AND held.lifted_at IS NULL
        )
    )
