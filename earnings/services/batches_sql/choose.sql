-- The batch's records, and those in other batches set aside that take from one of its charges: there it is unknown now.
INSERT INTO batch_outgoing (id, batch_id, reason)
SELECT id, batch_id, 'unpostable'
FROM billing_records
WHERE batch_id = %(batch)s
UNION ALL
SELECT taker.id, taker.batch_id, 'charge_unknown'
FROM billing_records AS taker
JOIN billing_batches AS batch ON batch.id = taker.batch_id AND batch.set_aside_at IS NOT NULL
JOIN billing_records AS charge
    ON charge.source_id = taker.source_id
    AND charge.record_id = taker.related_record_id
    AND charge.batch_id = %(batch)s
WHERE taker.source_id = %(source)s AND taker.batch_id <> %(batch)s
