SELECT format('charge %s: taken back %s, records say %s', charge_id, taken_back, recorded) AS finding
FROM (
    SELECT
        takeback.charge_id,
        takeback.taken_back,
        coalesce(sum(CASE WHEN record.kind IN ('refund', 'chargeback') THEN record.amount ELSE -record.amount END), 0)
            AS recorded
    FROM charge_takebacks AS takeback
    JOIN billing_records AS charge ON charge.id = takeback.charge_id
    LEFT JOIN billing_records AS record
        ON record.source_id = charge.source_id AND record.related_record_id = charge.record_id
    GROUP BY takeback.charge_id
) AS compared
WHERE taken_back <> recorded
