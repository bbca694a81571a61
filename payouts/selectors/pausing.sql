-- The open pauses that stop `payout`, but for those of its run.
SELECT pause.detail
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
