-- Invoices of some months that differ between the two sides, and invoices in question from any month of which nothing
-- was taken back. (A full join: checking each charge against the staged rows has plans that never end.)
WITH counted AS (
    SELECT
        substr(record.record_id, 9) AS id,
        record.amount,
        record.currency,
        date_trunc('month', record.occurred_at, 'UTC')::text AS month,
        coalesce(takeback.refunded + takeback.charged_back, 0) AS taken_back
    FROM billing_records AS record
    LEFT JOIN charge_takebacks AS takeback ON takeback.charge_id = record.id
    WHERE record.source_id = %(source)s
        AND record.kind = 'charge'
        AND record.record_id LIKE 'invoice:%%'
        AND coalesce(takeback.refunded + takeback.charged_back, 0) < record.amount
)
SELECT DISTINCT id
FROM counted
FULL JOIN paid_invoices AS there USING (id)
WHERE (there.id IS NOT NULL OR counted.month = ANY(%(months)s))
    AND (
        (counted.amount, counted.currency, counted.month)
            IS DISTINCT FROM (there.amount, there.currency, there.month)
        OR there.status = %(disputed)s
        OR there.status = %(partially_refunded)s AND counted.taken_back = 0
    )
ORDER BY id
