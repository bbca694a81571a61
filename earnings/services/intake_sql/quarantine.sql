-- Quarantine refused records, each once, however often it came. Of several copies of an id, the latest one that can
-- still enter supersedes the earlier ones. A superseded copy that comes again is ignored. Looked up by record id; `+ 0`
-- keeps the planner from using indexes on the source, which look as good to it.
WITH refused AS MATERIALIZED (
    SELECT
        line,
        record_id,
        reason,
        reason = ANY(%(waiting)s) AS waits,
        coalesce(content, ({content})) AS content
    FROM billing_resolved
    WHERE reason <> ''
),
distinct_refused AS MATERIALIZED (
    SELECT DISTINCT ON (content) line, record_id, reason, waits, content, md5(content::text) AS fingerprint
    FROM refused
    WHERE reason = 'conflict' OR NOT EXISTS (
        SELECT FROM quarantined_records AS before
        WHERE before.record_id = refused.record_id
            AND before.source_id + 0 = %(source)s
            AND before.resolution = 'superseded'
            AND before.fingerprint = md5(refused.content::text)
    )
    ORDER BY content, line DESC
),
ranked AS MATERIALIZED (
    SELECT
        *,
        coalesce(line < max(line) FILTER (WHERE waits) OVER (PARTITION BY record_id), false) AS is_superseded
    FROM distinct_refused
),
superseded AS (
    UPDATE quarantined_records
    SET resolved_at = now(), resolution = 'superseded'
    WHERE id = ANY(ARRAY(
        SELECT open.id
        FROM ranked
        CROSS JOIN LATERAL (
            SELECT held.id
            FROM quarantined_records AS held
            WHERE held.record_id = ranked.record_id
                AND held.source_id + 0 = %(source)s
                AND held.resolved_at IS NULL
                AND held.fingerprint <> ranked.fingerprint
            OFFSET 0
        ) AS open
        WHERE ranked.waits AND NOT ranked.is_superseded
    ))
)
INSERT INTO quarantined_records (source_id, batch_id, record_id, reason, content, resolution, resolved_at)
SELECT
    %(source)s, %(batch)s, record_id, reason, content,
    CASE WHEN is_superseded THEN 'superseded' ELSE '' END,
    CASE WHEN is_superseded THEN now() END
FROM ranked
WHERE NOT is_superseded OR NOT EXISTS (
    SELECT FROM quarantined_records AS held
    WHERE held.record_id = ranked.record_id
        AND held.source_id + 0 = %(source)s
        AND held.fingerprint = ranked.fingerprint
        AND held.resolved_at IS NULL
)
ORDER BY line
ON CONFLICT (source_id, fingerprint) WHERE resolved_at IS NULL DO UPDATE
SET reason = excluded.reason
-- A record that was unpostable keeps that reason.
WHERE quarantined_records.reason NOT IN (excluded.reason, 'unpostable')
