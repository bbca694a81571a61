-- Rename APIs, which are locked; one whose name is not said keeps it.
WITH renamed AS (
    UPDATE apis AS api
    SET name = said.name
    FROM unnest(%(ids)s::text[], %(names)s::text[]) AS said (external_id, name)
    JOIN apis AS old ON old.external_id = said.external_id
    WHERE api.id = old.id AND said.name NOT IN ('', old.name)
    RETURNING api.id, old.name AS before, api.name AS after
)
INSERT INTO api_changes (api_id, field, before, after, had_sales, way, source, actor, reason)
SELECT id, 'name', before, after, false, %(way)s, %(source)s, %(actor)s, %(reason)s
FROM renamed
