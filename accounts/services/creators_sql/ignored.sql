-- Count the creators whose details differ from the given ones.
SELECT detail.field, count(*) AS creators
FROM unnest(%(ids)s::text[], %(emails)s::text[], %(countries)s::text[]) AS given (external_id, email, country)
JOIN creators AS creator ON creator.external_id = given.external_id
CROSS JOIN LATERAL (
    VALUES ('email', given.email, creator.email), ('country', given.country, creator.country)
) AS detail (field, value, known)
WHERE detail.value <> '' AND detail.value <> detail.known
GROUP BY detail.field
