-- Have ownerships begin, and note whom each follows.
WITH begun AS (
    SELECT api.id AS api_id, creator.id AS creator_id, said.*
    FROM unnest(
        %(apis)s::text[], %(creators)s::text[], %(moments)s::timestamptz[], %(former)s::text[], %(had_sales)s::boolean[]
    ) WITH ORDINALITY AS said (api, creator, owned_from, former, had_sales, place)
    JOIN apis AS api ON api.external_id = said.api
    JOIN creators AS creator ON creator.external_id = said.creator
), made AS (
    INSERT INTO api_ownerships (api_id, creator_id, owned_from)
    SELECT api_id, creator_id, owned_from FROM begun ORDER BY place
)
INSERT INTO api_changes (
    api_id, field, before, after, creator_id, owned_from, had_sales, way, source, actor, reason
)
SELECT
    api_id, 'owner', former, creator, creator_id, owned_from, had_sales,
    %(way)s, %(source)s, %(actor)s, %(reason)s
FROM begun
ORDER BY place
