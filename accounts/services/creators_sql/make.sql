-- Create the creators that don't exist yet, and record their first values.
WITH made AS (
    INSERT INTO creators (external_id, email, country)
    SELECT external_id, email, country
    FROM unnest(%(ids)s::text[], %(emails)s::text[], %(countries)s::text[]) AS given (external_id, email, country)
    -- A fixed order, so that two that create the same creators don't deadlock.
    ORDER BY external_id
    ON CONFLICT (external_id) DO NOTHING
    RETURNING id, email, country
)
INSERT INTO creator_changes (creator_id, field, before, after, way, source, actor, reason, act_id)
SELECT made.id, detail.field, '', detail.value, %(way)s, %(source)s, %(actor)s, %(reason)s, %(act_id)s::uuid
FROM made
CROSS JOIN LATERAL (VALUES ('email', made.email), ('country', made.country)) AS detail (field, value)
WHERE detail.value <> ''
