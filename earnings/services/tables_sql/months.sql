-- Counted invoices that are not fully taken back, by month and currency: number, total, and a checksum of their ids.
SELECT
    date_trunc('month', record.occurred_at, 'UTC')::text AS month,
    record.currency,
    count(*) AS invoices,
    sum(record.amount) AS amount,
    sum(('x' || left(md5(substr(record.record_id, 9)), 8))::bit(32)::bigint) AS ids
FROM billing_records AS record
LEFT JOIN charge_takebacks AS takeback ON takeback.charge_id = record.id
WHERE record.source_id = %(source)s
    AND record.kind = 'charge'
    AND record.record_id LIKE 'invoice:%%'
    AND coalesce(takeback.refunded + takeback.charged_back, 0) < record.amount
GROUP BY 1, 2
