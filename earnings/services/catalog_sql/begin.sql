-- Begin ownerships, and log all changes, including planned ownerships that were withdrawn.
WITH change AS (
    SELECT api.id AS api, creator.id AS creator, listed.*
    FROM unnest(
        %(api_id)s::text[], %(creator_id)s::text[], %(owned_from)s::timestamptz[], %(former)s::text[],
        %(had_sales)s::boolean[], %(begins)s::boolean[]
    ) WITH ORDINALITY AS listed (api_id, creator_id, owned_from, former, had_sales, begins, place)
    JOIN apis AS api ON api.external_id = listed.api_id
    JOIN creators AS creator ON creator.external_id = listed.creator_id
), begun AS (
    INSERT INTO api_ownerships (api_id, creator_id, owned_from)
    SELECT api, creator, owned_from FROM change WHERE begins ORDER BY place
)
INSERT INTO api_changes (
    api_id, field, before, after, creator_id, owned_from, had_sales, way, source, actor, reason, act_id
)
SELECT
    api, 'owner', former, creator_id, creator, owned_from, had_sales,
    %(way)s, %(source)s, %(actor)s, %(reason)s, %(act_id)s::uuid
FROM change
ORDER BY place
