-- Make the APIs that are not registered yet, and note their first values.
WITH made AS (
    INSERT INTO apis (external_id, name, source_id)
    SELECT external_id, name, %(source_id)s::bigint
    FROM unnest(%(ids)s::text[], %(names)s::text[]) AS said (external_id, name)
    -- Two that register the same APIs take them in the same order.
    ORDER BY external_id
    ON CONFLICT (external_id) DO NOTHING
    RETURNING id, external_id, name
), noted AS (
    INSERT INTO api_changes (api_id, field, before, after, had_sales, way, source, actor, reason)
    SELECT made.id, told.field, '', told.value, false, %(way)s, %(source)s, %(actor)s, %(reason)s
    FROM made
    CROSS JOIN LATERAL (VALUES ('source', %(source)s), ('name', made.name)) AS told (field, value)
    WHERE told.value <> ''
)
SELECT external_id FROM made
