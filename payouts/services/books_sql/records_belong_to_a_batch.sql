SELECT format('batch %s is missing, with %s records', record.batch_id, count(*)) AS finding
FROM billing_records AS record
WHERE NOT EXISTS (SELECT FROM billing_batches AS batch WHERE batch.id = record.batch_id)
GROUP BY record.batch_id
