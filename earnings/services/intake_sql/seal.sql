-- The number of records that entered in this batch, and their digest.
SELECT count(*) AS accepted, coalesce(bit_xor(billing_record_digest(record)), 0) AS digest
FROM billing_records AS record
WHERE batch_id = %(batch)s
