-- Our side, read after Stripe's, so that what is recorded in between doesn't look unrecorded.
TRUNCATE booked;
INSERT INTO booked
SELECT
    movement.source_key,
    CASE WHEN movement.source_key ~ '^payout:[0-9a-f-]{36}:' THEN split_part(movement.source_key, ':', 2)::uuid END,
    entry.amount,
    entry.currency
FROM ledger_accounts AS account
JOIN ledger_entries AS entry ON entry.account_id = account.id
JOIN ledger_transactions AS movement ON movement.id = entry.transaction_id
WHERE account.kind = 'stripe_balance';
ANALYZE booked;
