-- Rename locked APIs, and log the changes; an empty name leaves the current one.
WITH renamed AS (
    UPDATE apis AS api
    SET name = entry.name
    FROM unnest(%(ids)s::text[], %(names)s::text[]) AS entry (external_id, name)
    JOIN apis AS old ON old.external_id = entry.external_id
    WHERE api.id = old.id AND entry.name NOT IN ('', old.name)
    RETURNING api.id, old.name AS before, api.name AS after
)
INSERT INTO api_changes (api_id, field, before, after, had_sales, way, source, actor, reason, act_id)
SELECT id, 'name', before, after, false, %(way)s, %(source)s, %(actor)s, %(reason)s, %(act_id)s::uuid
FROM renamed
