-- Invoices paid in some months, and invoices in question from any month.
SELECT
    invoice.id::text AS id,
    invoice.status::text AS status,
    invoice.amount::numeric AS amount,
    invoice.currency::text AS currency,
    date_trunc('month', invoice.paid_at::timestamptz, 'UTC')::text AS month
FROM invoices AS invoice
WHERE invoice.status::text = ANY(%(in_question)s)
    OR (
        invoice.status::text = ANY(%(paid)s)
        AND invoice.amount <> 0
        AND date_trunc('month', invoice.paid_at::timestamptz, 'UTC')::text = ANY(%(months)s)
    )
