-- Paid invoices by month and currency: their number, their total, and a checksum of their ids.
SELECT
    date_trunc('month', invoice.paid_at::timestamptz, 'UTC')::text AS month,
    invoice.currency::text AS currency,
    count(*) AS invoices,
    sum(invoice.amount::numeric) AS amount,
    sum(('x' || left(md5(invoice.id::text), 8))::bit(32)::bigint) AS ids
FROM invoices AS invoice
WHERE invoice.status::text = ANY(%(paid)s) AND invoice.amount <> 0 AND invoice.paid_at IS NOT NULL
GROUP BY 1, 2
