-- Resolve what waits in quarantine under the ids that entered. Looked up by key, record by record: the planner doesn't
-- know how many there are, or how many wait. `+ 0` keeps it from using indexes on the source, which look as good to it.
UPDATE quarantined_records
SET resolved_at = now(),
    resolution = CASE WHEN id = ANY(%(quarantined_ids)s::bigint[]) THEN 'entered' ELSE 'superseded' END
WHERE id = ANY(ARRAY(
    SELECT open.id
    FROM billing_records AS record
    CROSS JOIN LATERAL (
        SELECT held.id
        FROM quarantined_records AS held
        WHERE held.record_id = record.record_id AND held.source_id + 0 = %(source)s AND held.resolved_at IS NULL
        OFFSET 0
    ) AS open
    WHERE record.batch_id = %(batch)s
        AND EXISTS (SELECT FROM quarantined_records WHERE source_id = %(source)s AND resolved_at IS NULL)
))
