-- Charges of invoices whose subscription was billed for another API before.
SELECT record_id, creator_id, amount, currency, occurred_at, subscription_id, api, api_before, billed_before
FROM (
    SELECT
        record.record_id,
        record.creator_id,
        record.amount - coalesce(takeback.refunded + takeback.charged_back, 0) AS amount,
        record.currency,
        record.occurred_at,
        record.subscription_id,
        api.external_id AS api,
        lag(api.external_id) OVER in_order AS api_before,
        lag(record.occurred_at) OVER in_order AS billed_before
    FROM billing_records AS record
    JOIN apis AS api ON api.id = record.api_id
    LEFT JOIN charge_takebacks AS takeback ON takeback.charge_id = record.id
    WHERE record.source_id = %(source)s
        AND record.kind = 'charge'
        AND record.record_id LIKE 'invoice:%%'
        AND record.subscription_id <> ''
        AND record.occurred_at >= %(since)s
    WINDOW in_order AS (PARTITION BY record.subscription_id ORDER BY record.occurred_at, record.id)
) AS charge
WHERE api <> api_before AND amount > 0
ORDER BY record_id
