-- Records that don't fit one by one are tried together: first all of a charge's, else those that fit when all records
-- of the charge, old and new, are replayed in order of occurrence. Only the final sums have to fit. As in
-- take_back.sql, rows are looked up by key or ctid.
WITH stuck AS MATERIALIZED (
    SELECT DISTINCT charge_id FROM billing_resolved WHERE leads AND NOT taken AND charge_id IS NOT NULL
),
history AS (
    SELECT ctid AS row, charge_id, kind, amount, occurred_at, line AS place, taken AS is_in
    FROM billing_resolved
    WHERE leads AND (charge_id IN (SELECT charge_id FROM stuck)) IS TRUE
    UNION ALL
    SELECT NULL, stuck.charge_id, entered.kind, entered.amount, entered.occurred_at, entered.id, true
    FROM stuck
    CROSS JOIN LATERAL (
        SELECT taker.id, taker.kind, taker.amount, taker.occurred_at
        FROM billing_records AS charge
        JOIN billing_records AS taker
            ON taker.related_record_id = charge.record_id AND taker.source_id + 0 = charge.source_id
        WHERE charge.id = stuck.charge_id AND taker.related_record_id <> ''
        OFFSET 0
    ) AS entered
),
replayed AS (
    SELECT
        history.row,
        history.charge_id,
        history.is_in,
        takeback.row AS takeback_row,
        takeback.amount AS charged,
        takeback.refunded,
        takeback.charged_back,
        CASE kind WHEN 'refund' THEN history.amount WHEN 'refund_reversal' THEN -history.amount ELSE 0 END
            AS more_refunded,
        CASE kind WHEN 'chargeback' THEN history.amount WHEN 'chargeback_reversal' THEN -history.amount ELSE 0 END
            AS more_charged_back,
        (take_back(0, 0, takeback.amount, kind, history.amount, is_in) OVER (
            PARTITION BY charge_id ORDER BY occurred_at, is_in DESC, place ROWS UNBOUNDED PRECEDING
        )).fits
    FROM history
    CROSS JOIN LATERAL (
        SELECT ctid AS row, amount, refunded, charged_back
        FROM charge_takebacks
        WHERE charge_takebacks.charge_id = history.charge_id
        OFFSET 0
    ) AS takeback
),
tried AS (
    SELECT
        *,
        refunded + sum(more_refunded) FILTER (WHERE NOT is_in) OVER charge AS all_refunded,
        charged_back + sum(more_charged_back) FILTER (WHERE NOT is_in) OVER charge AS all_charged_back,
        refunded + sum(more_refunded) FILTER (WHERE NOT is_in AND fits) OVER charge AS some_refunded,
        charged_back + sum(more_charged_back) FILTER (WHERE NOT is_in AND fits) OVER charge AS some_charged_back
    FROM replayed
    WINDOW charge AS (PARTITION BY charge_id)
),
chosen AS MATERIALIZED (
    SELECT row, takeback_row, all_refunded AS refunded, all_charged_back AS charged_back
    FROM tried
    WHERE NOT is_in AND all_refunded >= 0 AND all_charged_back >= 0 AND all_refunded + all_charged_back <= charged
    UNION ALL
    SELECT row, takeback_row, some_refunded, some_charged_back
    FROM tried
    WHERE NOT is_in
        AND fits
        AND NOT (all_refunded >= 0 AND all_charged_back >= 0 AND all_refunded + all_charged_back <= charged)
        AND some_refunded >= 0
        AND some_charged_back >= 0
        AND some_refunded + some_charged_back <= charged
),
counted AS (
    UPDATE charge_takebacks AS takeback
    SET refunded = once.refunded, charged_back = once.charged_back
    FROM (SELECT DISTINCT takeback_row, refunded, charged_back FROM chosen) AS once
    WHERE takeback.ctid = once.takeback_row
)
UPDATE billing_resolved AS resolved
SET taken = true, reason = ''
FROM chosen
WHERE resolved.ctid = chosen.row
