-- Locked until the transaction ends: two that register the same API would otherwise both create its first owner.
SELECT api.external_id AS id, api.source_id, source.name AS source
FROM apis AS api
LEFT JOIN billing_sources AS source ON source.id = api.source_id
WHERE api.external_id = ANY(%(ids)s)
ORDER BY api.external_id
FOR NO KEY UPDATE OF api
