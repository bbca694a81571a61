-- Keep what was refused, once, however often it came.
WITH refused AS (
    SELECT
        line,
        record_id,
        reason,
        coalesce(content, /* content */) AS content
    FROM billing_resolved
    WHERE reason <> ''
)
INSERT INTO quarantined_records (source_id, batch_id, record_id, reason, content, resolution)
SELECT %(source)s, %(batch)s, record_id, reason, content, ''
FROM (SELECT DISTINCT ON (content) * FROM refused ORDER BY content, line) AS once
ORDER BY line
ON CONFLICT (source_id, fingerprint) WHERE resolved_at IS NULL DO UPDATE
SET reason = excluded.reason
-- What left the books once stays known as such.
WHERE quarantined_records.reason NOT IN (excluded.reason, 'unpostable')
