-- For records that name a charge, and their copies: find the charge, and copy its creator, API and rate. Known records
-- don't lead. Of several copies the first valid one leads, whether it names a charge or not. Charges and known records
-- are looked up by key, one by one: without fresh statistics, a join might compare each with each.
WITH linked AS (
    SELECT
        resolved.ctid AS row,
        resolved.line,
        resolved.record_id,
        resolved.related_record_id,
        charge.id AS charge_id,
        charge.amount AS charged,
        charge.api_id,
        charge.creator_id,
        charge.commission_bps,
        CASE
            WHEN resolved.related_record_id = '' THEN ''
            WHEN charge.id IS NULL OR charge.currency <> resolved.currency THEN 'charge_unknown'
            -- The charge's batch can't be posted, so the charge may still be quarantined.
            WHEN charge.set_aside_at IS NOT NULL THEN 'charge_unknown'
            WHEN resolved.api_external_id NOT IN ('', charge.api_external_id) THEN 'charge_unknown'
            WHEN resolved.creator_external_id NOT IN ('', charge.creator_external_id) THEN 'owner_mismatch'
            ELSE ''
        END AS verdict,
        known.id IS NOT NULL AS known
    FROM billing_resolved AS resolved
    LEFT JOIN LATERAL (
        SELECT
            record.*,
            (SELECT set_aside_at FROM billing_batches WHERE id = record.batch_id) AS set_aside_at,
            (SELECT external_id FROM apis WHERE id = record.api_id) AS api_external_id,
            (SELECT external_id FROM creators WHERE id = record.creator_id) AS creator_external_id
        FROM billing_records AS record
        WHERE record.source_id = %(source)s
            AND record.record_id = resolved.related_record_id
            AND record.kind = 'charge'
        OFFSET 0
    ) AS charge ON true
    LEFT JOIN LATERAL (
        SELECT record.id
        FROM billing_records AS record
        WHERE record.source_id = %(source)s AND record.record_id = resolved.record_id
        OFFSET 0
    ) AS known ON true
    WHERE resolved.reason = '' AND (resolved.related_record_id <> '' OR NOT resolved.leads)
),
first AS (
    SELECT DISTINCT ON (record_id) row
    FROM linked
    WHERE verdict = '' AND NOT known
    ORDER BY record_id, line
),
opened AS (
    INSERT INTO charge_takebacks (charge_id, amount, refunded, charged_back)
    SELECT
        charge_id,
        charged,
        least(charged, refunded),
        least(charged - least(charged, refunded), charged_back)
    FROM (
        SELECT DISTINCT charge_id, charged, related_record_id AS record_id
        FROM linked
        WHERE charge_id IS NOT NULL AND verdict = '' AND NOT known
    ) AS fresh
    CROSS JOIN LATERAL (
        SELECT
            greatest(0, coalesce(-sum(gross_of(kind, amount))
                FILTER (WHERE kind IN ('refund', 'refund_reversal')), 0)) AS refunded,
            greatest(0, coalesce(-sum(gross_of(kind, amount))
                FILTER (WHERE kind IN ('chargeback', 'chargeback_reversal')), 0)) AS charged_back
        FROM billing_records AS taker
        WHERE taker.related_record_id = fresh.record_id
            AND taker.source_id + 0 = %(source)s
            AND taker.related_record_id <> ''
            -- A charge may already have refunds if it was quarantined once and came again, or if staff accepted them
            -- before it came.
            AND (
                EXISTS (
                    SELECT FROM quarantined_records AS unpostable
                    WHERE unpostable.source_id = %(source)s
                        AND unpostable.record_id = fresh.record_id
                        AND unpostable.reason = 'unpostable'
                )
                OR EXISTS (
                    SELECT FROM unlinked_records AS unlinked
                    WHERE unlinked.charge_record_id = fresh.record_id AND unlinked.source_id + 0 = %(source)s
                )
            )
    ) AS taken
    ORDER BY charge_id
    ON CONFLICT DO NOTHING
)
UPDATE billing_resolved AS resolved
SET charge_id = linked.charge_id,
    api_id = coalesce(linked.api_id, resolved.api_id),
    creator_id = coalesce(linked.creator_id, resolved.creator_id),
    commission_bps = coalesce(linked.commission_bps, resolved.commission_bps),
    reason = CASE WHEN linked.known THEN '' ELSE linked.verdict END,
    leads = linked.row IN (SELECT row FROM first),
    taken = CASE WHEN linked.related_record_id = '' THEN linked.row IN (SELECT row FROM first) END
FROM linked
WHERE resolved.ctid = linked.row
