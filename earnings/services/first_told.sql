-- Of these records, what those said that came before: the ones that wait in quarantine, then the accepted ones.
SELECT record_id, content ->> 'occurred_at' AS occurred_at, content ->> 'api_calls' AS api_calls, 1 AS turn
FROM quarantined_records
WHERE source_id = %(source)s AND record_id = ANY(%(ids)s) AND resolved_at IS NULL AND reason = ANY(%(waiting)s)
UNION ALL
SELECT record_id, occurred_at::text, api_calls::text, 2
FROM billing_records
WHERE source_id = %(source)s AND record_id = ANY(%(ids)s)
ORDER BY turn
