-- A batch holds exactly the records that it accepted, unchanged.
SELECT format(
    'batch %s: %s records accepted, %s present%s',
    batch_id, coalesce(batch.accepted::text, 'no batch, no'), coalesce(held.records, 0),
    CASE WHEN batch.accepted = held.records THEN ', changed since' END
) AS finding
FROM (SELECT id AS batch_id, accepted, digest FROM billing_batches WHERE id > {last_batch}) AS batch
FULL JOIN (
    SELECT batch_id, count(*) AS records, bit_xor(billing_record_digest(record)) AS digest
    FROM billing_records AS record
    WHERE batch_id > {last_batch}
    GROUP BY batch_id
) AS held USING (batch_id)
WHERE (batch.accepted, batch.digest) IS DISTINCT FROM (coalesce(held.records, 0), coalesce(held.digest, 0))
