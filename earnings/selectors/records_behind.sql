-- The records that make up earnings, each once: those of a batch that was posted to an earning (`posting`) and that
-- belong to its row. What a record adds to gross has the sign of its kind.
SELECT
    posting.batch_id,
    record.id,
    posting.earning_id,
    source.name AS source,
    record.record_id,
    record.kind,
    api.external_id AS api_id,
    record.subscription_id,
    record.customer_id,
    record.amount,
    CASE WHEN record.kind IN ('refund', 'chargeback') THEN -record.amount ELSE record.amount END AS gross,
    record.currency,
    record.occurred_at,
    record.api_calls,
    record.related_record_id
FROM posting
JOIN creator_earnings AS earning ON earning.id = posting.earning_id
JOIN billing_records AS record
    ON record.batch_id = posting.batch_id
    AND record.creator_id = earning.creator_id
    AND record.api_id = earning.api_id
    AND record.currency = earning.currency
    AND record.commission_bps = earning.commission_bps
    AND record.occurred_at >= earning.period_start
    AND record.occurred_at < earning.period_end
JOIN billing_sources AS source ON source.id = record.source_id
JOIN apis AS api ON api.id = record.api_id
