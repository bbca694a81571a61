-- Give back what the removed records took from charges that stay, and return the batches of these charges.
UPDATE charge_takebacks AS takeback
SET refunded = takeback.refunded - taken.refunded, charged_back = takeback.charged_back - taken.charged_back
FROM (
    SELECT
        charge.id,
        charge.batch_id,
        coalesce(-sum(gross_of(taker.kind, taker.amount))
            FILTER (WHERE taker.kind IN ('refund', 'refund_reversal')), 0) AS refunded,
        coalesce(-sum(gross_of(taker.kind, taker.amount))
            FILTER (WHERE taker.kind IN ('chargeback', 'chargeback_reversal')), 0) AS charged_back
    FROM batch_outgoing AS outgoing
    JOIN billing_records AS taker ON taker.id = outgoing.id AND taker.related_record_id <> ''
    JOIN billing_records AS charge
        ON charge.source_id = taker.source_id AND charge.record_id = taker.related_record_id
    WHERE charge.id NOT IN (SELECT id FROM batch_outgoing)
    GROUP BY charge.id
) AS taken
WHERE takeback.charge_id = taken.id
RETURNING taken.batch_id
