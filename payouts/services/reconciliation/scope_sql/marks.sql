-- The last ids whose rows had settled.
SELECT
    coalesce((
        SELECT id FROM billing_batches WHERE received_at < %(facts_settled)s ORDER BY id DESC LIMIT 1
    ), 0) AS last_batch,
    coalesce((
        SELECT id FROM postings WHERE posted_at < %(facts_settled)s ORDER BY id DESC LIMIT 1
    ), 0) AS last_posting,
    coalesce((
        SELECT id FROM payout_events WHERE at < %(facts_settled)s ORDER BY id DESC LIMIT 1
    ), 0) AS last_event,
    last_transaction,
    coalesce((
        SELECT id FROM ledger_entries WHERE transaction_id <= last_transaction ORDER BY id DESC LIMIT 1
    ), 0) AS last_entry
FROM (
    SELECT coalesce((
        SELECT id FROM ledger_transactions WHERE created_at < %(settled)s ORDER BY id DESC LIMIT 1
    ), 0) AS last_transaction
) AS settled
