-- Records that name a charge: find it, take creator, API and rate from it, and step back if known already.
WITH linked AS (
    SELECT
        resolved.ctid AS row,
        charge.id AS charge_id,
        charge.amount AS charged,
        resolved.related_record_id,
        charge.api_id,
        charge.creator_id,
        charge.commission_bps,
        CASE
            WHEN charge.id IS NULL OR charge.currency <> resolved.currency THEN 'charge_unknown'
            -- It may yet turn out that the charge can't be counted.
            WHEN batch.set_aside_at IS NOT NULL THEN 'charge_unknown'
            WHEN resolved.api_external_id NOT IN ('', api.external_id) THEN 'charge_unknown'
            WHEN resolved.creator_external_id NOT IN ('', creator.external_id) THEN 'owner_mismatch'
            ELSE ''
        END AS verdict,
        EXISTS (
            SELECT FROM billing_records AS known
            WHERE known.source_id = %(source)s AND known.record_id = resolved.record_id
        ) AS known
    FROM billing_resolved AS resolved
    LEFT JOIN billing_records AS charge
        ON charge.source_id = %(source)s
        AND charge.record_id = resolved.related_record_id
        AND charge.kind = 'charge'
    LEFT JOIN billing_batches AS batch ON batch.id = charge.batch_id
    LEFT JOIN apis AS api ON api.id = charge.api_id
    LEFT JOIN creators AS creator ON creator.id = charge.creator_id
    WHERE resolved.related_record_id <> '' AND resolved.reason = ''
),
first AS (
    SELECT DISTINCT ON (resolved.record_id) linked.row
    FROM linked
    JOIN billing_resolved AS resolved ON resolved.ctid = linked.row
    WHERE linked.verdict = '' AND NOT linked.known
    ORDER BY resolved.record_id, resolved.line
),
opened AS (
    INSERT INTO charge_takebacks (charge_id, amount, taken_back)
    SELECT
        charge_id,
        charged,
        -- A charge that had to leave the books once, and came again, may be taken from already.
        CASE WHEN EXISTS (
            SELECT FROM quarantined_records AS left_once
            WHERE left_once.source_id = %(source)s
                AND left_once.record_id = fresh.record_id
                AND left_once.reason = 'unpostable'
        ) THEN (
            SELECT greatest(0, least(charged, coalesce(sum(
                CASE WHEN taker.kind IN ('refund', 'chargeback') THEN taker.amount ELSE -taker.amount END
            ), 0)))
            FROM billing_records AS taker
            WHERE taker.source_id = %(source)s AND taker.related_record_id = fresh.record_id
        ) ELSE 0 END
    FROM (
        SELECT DISTINCT charge_id, charged, related_record_id AS record_id FROM linked WHERE verdict = '' AND NOT known
    ) AS fresh
    ORDER BY charge_id
    ON CONFLICT DO NOTHING
)
UPDATE billing_resolved AS resolved
SET charge_id = linked.charge_id,
    api_id = linked.api_id,
    creator_id = linked.creator_id,
    commission_bps = linked.commission_bps,
    reason = CASE WHEN linked.known THEN '' ELSE linked.verdict END,
    leads = linked.row IN (SELECT row FROM first)
FROM linked
WHERE resolved.ctid = linked.row
