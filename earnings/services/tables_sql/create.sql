CREATE TEMPORARY TABLE IF NOT EXISTS paid_invoices (
    id text NOT NULL,
    status text NOT NULL,
    amount bigint,
    currency text,
    month text
) ON COMMIT DELETE ROWS;

-- Empty already after a commit; not within one transaction.
DELETE FROM paid_invoices;
