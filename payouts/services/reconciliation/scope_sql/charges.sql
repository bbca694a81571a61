-- Charges that new records take from.
SELECT charge.id
FROM billing_records AS record
JOIN billing_records AS charge
    ON charge.source_id = record.source_id
    AND charge.record_id = record.related_record_id
    AND charge.kind = 'charge'
WHERE record.related_record_id <> '' AND record.batch_id > {last_batch}
