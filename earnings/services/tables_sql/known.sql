-- What we have of these records: first those that wait in quarantine, then the accepted ones.
SELECT
    record_id,
    false AS counts,
    '' AS kind,
    NULL::bigint AS amount,
    '' AS currency,
    NULL::bigint AS remaining,
    content ->> 'occurred_at' AS occurred_at,
    content ->> 'api_calls' AS api_calls,
    NULL::timestamptz AS received_at
FROM quarantined_records
WHERE source_id = %(source)s AND record_id = ANY(%(ids)s) AND resolved_at IS NULL AND reason = ANY(%(waiting)s)
UNION ALL
SELECT
    record.record_id,
    true,
    record.kind,
    record.amount,
    record.currency,
    record.amount - coalesce(takeback.refunded + takeback.charged_back, 0),
    record.occurred_at::text,
    record.api_calls::text,
    batch.received_at
FROM billing_records AS record
JOIN billing_batches AS batch ON batch.id = record.batch_id
LEFT JOIN charge_takebacks AS takeback ON takeback.charge_id = record.id
WHERE record.source_id = %(source)s AND record.record_id = ANY(%(ids)s)
ORDER BY counts
