-- Assign locked APIs to a source, and log the changes.
WITH assigned AS (
    UPDATE apis AS api
    SET source_id = source.id
    FROM billing_sources AS source, apis AS old
    LEFT JOIN billing_sources AS former ON former.id = old.source_id
    WHERE source.name = %(source)s
        AND old.external_id = ANY(%(ids)s)
        AND api.id = old.id
        AND old.source_id IS DISTINCT FROM source.id
    RETURNING api.id, coalesce(former.name, '') AS before, source.name AS after
)
INSERT INTO api_changes (api_id, field, before, after, had_sales, way, source, actor, reason, act_id)
SELECT id, 'source', before, after, false, %(way)s, %(source)s, %(actor)s, %(reason)s, %(act_id)s::uuid
FROM assigned
