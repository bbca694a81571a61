-- Whether a run up to `cutoff` claims an unclaimed `earning`: its period ended by then, or it is a debt of a later period.
-- Undoing a write-off is no debt: it is claimed with the earnings that undo it.
(
    earning.period_end <= %(cutoff)s
    OR (
        earning.net < 0
        AND NOT EXISTS (
            SELECT FROM adjustments AS undoing WHERE undoing.earning_id = earning.id AND undoing.write_off_id IS NOT NULL
        )
    )
)
