-- How many records entered in this batch, and what they came to.
SELECT count(*) AS accepted, coalesce(bit_xor(billing_record_digest(record)), 0) AS digest
FROM billing_records AS record
WHERE batch_id = %(batch)s
