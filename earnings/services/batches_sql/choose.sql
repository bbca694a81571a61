INSERT INTO batch_outgoing (id, record_id, batch_id, reason)
SELECT id, record_id, batch_id, 'unpostable'
FROM billing_records
WHERE batch_id = %(batch)s
