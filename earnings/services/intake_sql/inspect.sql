-- Not all staged records entered: prepare all of them for the next steps.
INSERT INTO billing_resolved (
    line, record_id, kind, api_external_id, creator_external_id, subscription_id, customer_id, amount, currency,
    occurred_at, api_calls, related_record_id, reason, content, api_id, creator_id, commission_bps, leads
)
SELECT
    line, record_id, kind, api_external_id, creator_external_id, subscription_id, customer_id, amount, currency,
    occurred_at, api_calls, related_record_id, verdict, content, api_id, creator_id, commission_bps,
    verdict = ''
        AND row_number() OVER (PARTITION BY record_id, verdict = '' ORDER BY line) = 1
        AND record_id NOT IN (SELECT record_id FROM billing_intake WHERE related_record_id <> '' AND reason = '')
FROM ({resolved}) AS resolved
