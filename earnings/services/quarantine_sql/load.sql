-- The content of these records; those that name the same charge have the same `together`.
SELECT id, content, coalesce(content ->> 'related_record_id', id::text) AS together
FROM quarantined_records
WHERE id = ANY(%(ids)s)
ORDER BY coalesce(content ->> 'related_record_id', ''), id
