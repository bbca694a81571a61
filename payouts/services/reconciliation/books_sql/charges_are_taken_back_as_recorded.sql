-- A charge has a takeback row, with its amount and what was refunded and charged back, iff a record takes from it.
-- Records that entered before the charge count once the next record takes from it, and up to its amount: those that
-- staff accepted as unlinked, and those of a charge that was removed from the books and came again.
SELECT format(
    'charge %s of %s: refunded %s and charged back %s of %s, records say %s and %s',
    charge_id, charged, takeback.refunded, takeback.charged_back, takeback.amount,
    coalesce(linked.refunded, 0), coalesce(linked.charged_back, 0)
) AS finding
FROM (SELECT * FROM charge_takebacks WHERE charge_id IN ({charges})) AS takeback
FULL JOIN (
    SELECT
        charge_id,
        charged,
        refunded_before + refunded AS refunded,
        least(charged - refunded_before, greatest(0, charged_back_before)) + charged_back AS charged_back
    FROM (
        SELECT
            charge.id AS charge_id,
            charge.amount AS charged,
            least(charge.amount, greatest(0, coalesce(-sum(gross_of(record.kind, record.amount))
                FILTER (WHERE record.id < charge.id AND record.kind IN ('refund', 'refund_reversal')), 0)))
                AS refunded_before,
            coalesce(-sum(gross_of(record.kind, record.amount)) FILTER (
                WHERE record.id < charge.id AND record.kind IN ('chargeback', 'chargeback_reversal')
            ), 0) AS charged_back_before,
            coalesce(-sum(gross_of(record.kind, record.amount))
                FILTER (WHERE record.id > charge.id AND record.kind IN ('refund', 'refund_reversal')), 0) AS refunded,
            coalesce(-sum(gross_of(record.kind, record.amount)) FILTER (
                WHERE record.id > charge.id AND record.kind IN ('chargeback', 'chargeback_reversal')
            ), 0) AS charged_back
        FROM billing_records AS record
        JOIN billing_records AS charge
            ON charge.source_id = record.source_id
            AND charge.record_id = record.related_record_id
            AND charge.kind = 'charge'
        WHERE record.related_record_id <> ''
            AND record.kind <> 'charge'
            AND (record.source_id, record.related_record_id) IN (
                SELECT source_id, related_record_id
                FROM billing_records
                WHERE related_record_id <> '' AND batch_id > {last_batch}
            )
            AND (record.id > charge.id OR EXISTS (SELECT FROM charge_takebacks WHERE charge_id = charge.id))
        GROUP BY charge.id
    ) AS counted
) AS linked USING (charge_id)
WHERE (takeback.refunded, takeback.charged_back) IS DISTINCT FROM (
        coalesce(linked.refunded, 0), coalesce(linked.charged_back, 0)
    )
    OR takeback.amount IS DISTINCT FROM coalesce(charged, (SELECT amount FROM billing_records WHERE id = charge_id))
