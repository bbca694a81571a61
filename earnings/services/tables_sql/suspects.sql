-- Invoices of some months that are not here as they are there, and those of any month of which some may have to be
-- given up and nothing was.
WITH counted AS (
    SELECT
        substr(record.record_id, 9) AS id,
        record.amount,
        record.currency,
        date_trunc('month', record.occurred_at, 'UTC')::text AS month,
        coalesce(takeback.taken_back, 0) AS taken_back
    FROM billing_records AS record
    LEFT JOIN charge_takebacks AS takeback ON takeback.charge_id = record.id
    WHERE record.source_id = %(source)s
        AND record.kind = 'charge'
        AND record.record_id LIKE 'invoice:%%'
        AND coalesce(takeback.taken_back, 0) < record.amount
        AND (
            date_trunc('month', record.occurred_at, 'UTC')::text = ANY(%(months)s)
            OR record.record_id IN (SELECT 'invoice:' || id FROM paid_invoices)
        )
)
SELECT DISTINCT id
FROM counted
FULL JOIN paid_invoices AS there USING (id)
WHERE (counted.amount, counted.currency, counted.month)
        IS DISTINCT FROM (there.amount, there.currency, there.month)
    OR there.status = %(disputed)s
    OR there.status = %(partially_refunded)s AND counted.taken_back = 0
ORDER BY id
