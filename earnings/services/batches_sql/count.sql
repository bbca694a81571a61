UPDATE billing_batches AS batch
SET accepted = batch.accepted - gone.records, quarantined = batch.quarantined + gone.records
FROM (SELECT batch_id, count(*) AS records FROM batch_outgoing GROUP BY batch_id) AS gone
WHERE batch.id = gone.batch_id
