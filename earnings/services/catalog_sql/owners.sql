-- All owners of these APIs, in order of time.
SELECT api.external_id AS api_id, creator.external_id AS creator_id, ownership.owned_from
FROM apis AS api
JOIN api_ownerships AS ownership ON ownership.api_id = api.id
JOIN creators AS creator ON creator.id = ownership.creator_id
WHERE api.external_id = ANY(%(ids)s)
ORDER BY ownership.owned_from
