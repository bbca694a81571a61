-- What these records say, and which of them name the same charge.
SELECT id, content, coalesce(content ->> 'related_record_id', id::text) AS together
FROM quarantined_records
WHERE id = ANY(%(ids)s)
ORDER BY coalesce(content ->> 'related_record_id', ''), id
