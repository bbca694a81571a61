-- Make the creators that are not known yet, and note their first values.
WITH made AS (
    INSERT INTO creators (external_id, email, country)
    SELECT external_id, email, country
    FROM unnest(%(ids)s::text[], %(emails)s::text[], %(countries)s::text[]) AS said (external_id, email, country)
    -- Two that make the same creators take them in the same order.
    ORDER BY external_id
    ON CONFLICT (external_id) DO NOTHING
    RETURNING id, email, country
)
INSERT INTO creator_changes (creator_id, field, before, after, way, source, actor, reason)
SELECT made.id, told.field, '', told.value, %(way)s, %(source)s, %(actor)s, %(reason)s
FROM made
CROSS JOIN LATERAL (VALUES ('email', made.email), ('country', made.country)) AS told (field, value)
WHERE told.value <> ''
