-- Keep what was refused, once, however often it came. Of several copies of an id the last word counts: one that may
-- still enter supersedes those that came before it. A copy that was superseded and comes again is no new word. Looked
-- up by record id; `+ 0` keeps the planner from indexes on the source, which may look as good to it.
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
once AS MATERIALIZED (
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
word AS MATERIALIZED (
    SELECT
        *,
        coalesce(line < max(line) FILTER (WHERE waits) OVER (PARTITION BY record_id), false) AS is_superseded
    FROM once
),
superseded AS (
    UPDATE quarantined_records
    SET resolved_at = now(), resolution = 'superseded'
    WHERE id = ANY(ARRAY(
        SELECT open.id
        FROM word
        CROSS JOIN LATERAL (
            SELECT held.id
            FROM quarantined_records AS held
            WHERE held.record_id = word.record_id
                AND held.source_id + 0 = %(source)s
                AND held.resolved_at IS NULL
                AND held.fingerprint <> word.fingerprint
            OFFSET 0
        ) AS open
        WHERE word.waits AND NOT word.is_superseded
    ))
)
INSERT INTO quarantined_records (source_id, batch_id, record_id, reason, content, resolution, resolved_at)
SELECT
    %(source)s, %(batch)s, record_id, reason, content,
    CASE WHEN is_superseded THEN 'superseded' ELSE '' END,
    CASE WHEN is_superseded THEN now() END
FROM word
WHERE NOT is_superseded OR NOT EXISTS (
    SELECT FROM quarantined_records AS held
    WHERE held.record_id = word.record_id
        AND held.source_id + 0 = %(source)s
        AND held.fingerprint = word.fingerprint
        AND held.resolved_at IS NULL
)
ORDER BY line
ON CONFLICT (source_id, fingerprint) WHERE resolved_at IS NULL DO UPDATE
SET reason = excluded.reason
-- What left the books once stays known as such.
WHERE quarantined_records.reason NOT IN (excluded.reason, 'unpostable')
