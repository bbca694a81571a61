SELECT
    api.id::text AS id,
    api.name::text AS name,
    api.creator_id::text AS creator_id,
    creator.email::text AS creator_email
FROM apis AS api
LEFT JOIN users AS creator ON creator.id = api.creator_id
ORDER BY api.id
