-- Have ownerships begin, and note whom each follows; and note those that won't, whose API stays with who has it.
WITH said AS (
    SELECT api.id AS api, creator.id AS creator, said.*
    FROM unnest(
        %(api_id)s::text[], %(creator_id)s::text[], %(owned_from)s::timestamptz[], %(former)s::text[],
        %(had_sales)s::boolean[], %(begins)s::boolean[]
    ) WITH ORDINALITY AS said (api_id, creator_id, owned_from, former, had_sales, begins, place)
    JOIN apis AS api ON api.external_id = said.api_id
    JOIN creators AS creator ON creator.external_id = said.creator_id
), made AS (
    INSERT INTO api_ownerships (api_id, creator_id, owned_from)
    SELECT api, creator, owned_from FROM said WHERE begins ORDER BY place
)
INSERT INTO api_changes (
    api_id, field, before, after, creator_id, owned_from, had_sales, way, source, actor, reason
)
SELECT
    api, 'owner', former, creator_id, creator, owned_from, had_sales,
    %(way)s, %(source)s, %(actor)s, %(reason)s
FROM said
ORDER BY place
