CREATE TEMPORARY TABLE IF NOT EXISTS paid_invoices (
    id text NOT NULL,
    status text NOT NULL,
    amount bigint,
    currency text,
    month text
) ON COMMIT DELETE ROWS;

-- A commit empties it, but it may be used twice in one transaction.
DELETE FROM paid_invoices;
