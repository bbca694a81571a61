-- Records in other batches set aside that name a charge being removed: their charge will be unknown.
INSERT INTO batch_outgoing (id, record_id, batch_id, reason)
SELECT taker.id, taker.record_id, taker.batch_id, 'charge_unknown'
FROM billing_batches AS batch
JOIN billing_records AS taker ON taker.batch_id = batch.id AND taker.related_record_id <> ''
JOIN batch_outgoing AS charge ON charge.record_id = taker.related_record_id
WHERE batch.source_id = %(source)s AND batch.set_aside_at IS NOT NULL AND batch.id <> %(batch)s
