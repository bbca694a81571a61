-- Keep what was refused, once, however often it came.
WITH refused AS (
    SELECT
        line,
        record_id,
        reason,
        coalesce(content, jsonb_strip_nulls(jsonb_build_object(
            'record_id', record_id,
            'kind', kind,
            'api_id', nullif(api_external_id, ''),
            'creator_id', nullif(creator_external_id, ''),
            'subscription_id', nullif(subscription_id, ''),
            'customer_id', nullif(customer_id, ''),
            'amount', amount::text,
            'currency', currency,
            'occurred_at', occurred_at,
            'api_calls', api_calls::text,
            'related_record_id', nullif(related_record_id, '')
        ))) AS content
    FROM billing_resolved
    WHERE reason <> ''
)
INSERT INTO quarantined_records (source_id, batch_id, record_id, reason, content, resolution)
SELECT %(source)s, %(batch)s, record_id, reason, content, ''
FROM (SELECT DISTINCT ON (content) * FROM refused ORDER BY content, line) AS once
ORDER BY line
ON CONFLICT (source_id, fingerprint) WHERE resolved_at IS NULL DO UPDATE
SET reason = excluded.reason
WHERE quarantined_records.reason <> excluded.reason
