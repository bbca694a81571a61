SELECT format('batch %s accepted %s records and holds %s', batch.id, batch.accepted, coalesce(held.records, 0)) AS finding
FROM billing_batches AS batch
LEFT JOIN (SELECT batch_id, count(*) AS records FROM billing_records GROUP BY batch_id) AS held ON held.batch_id = batch.id
WHERE batch.accepted <> coalesce(held.records, 0)
