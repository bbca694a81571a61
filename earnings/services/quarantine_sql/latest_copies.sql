-- Those of these records that are still open, and are the latest copy under their id.
SELECT id
FROM quarantined_records AS held
WHERE id = ANY(%(ids)s)
    AND resolved_at IS NULL
    AND id >= ALL (
        SELECT copy.id
        FROM quarantined_records AS copy
        WHERE copy.record_id = held.record_id AND copy.source_id + 0 = held.source_id AND copy.resolved_at IS NULL
    )
