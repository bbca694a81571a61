-- An undoing, and what restores part of it, has its write-off's creator and currency. It never exceeds the write-off.
-- Undoings older than the link to a write-off are spread over the creator's write-offs, oldest first.
SELECT format(
    'write-off %s of %s: undone %s, after %s that name none', written.id, written.amount, coalesce(undone.amount, 0),
    written.undone_before
) AS finding
FROM adjustments AS written
LEFT JOIN (
    SELECT
        undoing.write_off_id,
        -sum(undoing.amount) AS amount,
        bool_and(
            (undoing.creator_id, undoing.currency) = (named.creator_id, named.currency)
            AND named.kind = 'write_off'
            AND (undoing.amount < 0) = (undoing.kind = 'write_off_undone')
        ) AS is_its_own
    FROM adjustments AS undoing
    JOIN adjustments AS named ON named.id = undoing.write_off_id
    WHERE undoing.status = 'approved'
    GROUP BY undoing.write_off_id
) AS undone ON undone.write_off_id = written.id
WHERE (
        undone.write_off_id IS NOT NULL
        OR written.undone_before <> 0
        OR (written.kind = 'write_off' AND written.status = 'approved')
    )
    AND NOT (
        written.undone_before >= 0
        AND coalesce(undone.amount, 0) BETWEEN 0 AND written.amount - written.undone_before
        AND coalesce(undone.is_its_own, TRUE)
    )
UNION ALL
SELECT format('creator %s: undone without a write-off %s, write-offs say %s %s', creator_id, unnamed, spread, currency)
FROM (
    SELECT
        creator_id,
        currency,
        coalesce(-sum(amount) FILTER (WHERE kind = 'write_off_undone' AND write_off_id IS NULL), 0) AS unnamed,
        sum(undone_before) AS spread
    FROM adjustments
    WHERE status = 'approved'
    GROUP BY creator_id, currency
) AS compared
WHERE unnamed <> spread
