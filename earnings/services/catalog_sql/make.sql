-- Create the APIs that are not registered yet, and log their first values.
WITH created AS (
    INSERT INTO apis (external_id, name, source_id)
    SELECT external_id, name, %(source_id)s::bigint
    FROM unnest(%(ids)s::text[], %(names)s::text[]) AS entry (external_id, name)
    -- In the same order for everyone who registers the same APIs, so that they can't deadlock.
    ORDER BY external_id
    ON CONFLICT (external_id) DO NOTHING
    RETURNING id, external_id, name
), logged AS (
    INSERT INTO api_changes (api_id, field, before, after, had_sales, way, source, actor, reason, act_id)
    SELECT created.id, first.field, '', first.value, false, %(way)s, %(source)s, %(actor)s, %(reason)s, %(act_id)s::uuid
    FROM created
    CROSS JOIN LATERAL (VALUES ('source', %(source)s), ('name', created.name)) AS first (field, value)
    WHERE first.value <> ''
)
SELECT external_id FROM created
