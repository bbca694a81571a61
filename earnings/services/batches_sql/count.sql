UPDATE billing_batches AS batch
SET accepted = batch.accepted - removed.records,
    quarantined = batch.quarantined + removed.records,
    digest = int8xor(batch.digest, removed.digest)
FROM (
    SELECT outgoing.batch_id, count(*) AS records, bit_xor(billing_record_digest(record)) AS digest
    FROM batch_outgoing AS outgoing
    JOIN billing_records AS record ON record.id = outgoing.id
    GROUP BY outgoing.batch_id
) AS removed
WHERE batch.id = removed.batch_id
