-- Decide the outcome of each record that did not enter: a reason, or none for a duplicate. Known records are looked up
-- by key, one by one: without fresh statistics, a join might compare each with each.
WITH decided AS (
    SELECT
        resolved.ctid AS row,
        CASE
            -- A later copy of a record that exceeds its charge.
            WHEN known.id IS NULL THEN coalesce(nullif(resolved.reason, ''), 'exceeds_charge')
            WHEN resolved.reason = ''
                AND known.kind = resolved.kind
                AND resolved.api_external_id IN ('', api.external_id)
                AND resolved.creator_external_id IN ('', creator.external_id)
                AND known.subscription_id = resolved.subscription_id
                AND known.customer_id = resolved.customer_id
                AND known.amount = resolved.amount
                AND known.currency = resolved.currency
                AND known.occurred_at = resolved.occurred_at
                AND known.api_calls = resolved.api_calls
                AND known.related_record_id = resolved.related_record_id
            THEN ''
            ELSE 'conflict'
        END AS verdict
    FROM billing_resolved AS resolved
    LEFT JOIN LATERAL (
        SELECT *
        FROM billing_records AS record
        WHERE record.source_id = %(source)s AND record.record_id = resolved.record_id
        OFFSET 0
    ) AS known ON true
    LEFT JOIN apis AS api ON api.id = known.api_id
    LEFT JOIN creators AS creator ON creator.id = known.creator_id
    WHERE NOT (resolved.leads AND resolved.reason = '' AND known.batch_id IS NOT DISTINCT FROM %(batch)s)
)
UPDATE billing_resolved AS resolved
SET reason = decided.verdict
FROM decided
WHERE resolved.ctid = decided.row
RETURNING resolved.line, resolved.reason
