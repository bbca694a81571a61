-- Of how many creators something else is known than what is said of them.
SELECT told.field, count(*) AS creators
FROM unnest(%(ids)s::text[], %(emails)s::text[], %(countries)s::text[]) AS said (external_id, email, country)
JOIN creators AS creator ON creator.external_id = said.external_id
CROSS JOIN LATERAL (
    VALUES ('email', said.email, creator.email), ('country', said.country, creator.country)
) AS told (field, value, known)
WHERE told.value <> '' AND told.value <> told.known
GROUP BY told.field
