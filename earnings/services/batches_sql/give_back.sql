-- Charges that stay have more left of them: what leaves takes nothing from them any more.
UPDATE charge_takebacks AS takeback
SET taken_back = takeback.taken_back - taken.amount
FROM (
    SELECT
        charge.id,
        sum(CASE WHEN taker.kind IN ('refund', 'chargeback') THEN taker.amount ELSE -taker.amount END) AS amount
    FROM batch_outgoing AS outgoing
    JOIN billing_records AS taker ON taker.id = outgoing.id AND taker.related_record_id <> ''
    JOIN billing_records AS charge
        ON charge.source_id = taker.source_id AND charge.record_id = taker.related_record_id
    WHERE charge.id NOT IN (SELECT id FROM batch_outgoing)
    GROUP BY charge.id
) AS taken
WHERE takeback.charge_id = taken.id
