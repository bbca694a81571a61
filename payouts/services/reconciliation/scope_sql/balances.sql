-- The platform's accounts up to an entry, from the last checkpoint on.
SELECT account_id, sum(amount) AS amount
FROM (
    SELECT account_id, amount
    FROM books_checkpoint_balances
    WHERE checkpoint_id = {checkpoint}
    UNION ALL
    SELECT entry.account_id, entry.amount
    FROM ledger_accounts AS account
    JOIN ledger_entries AS entry ON entry.account_id = account.id
    WHERE account.balance IS NULL AND entry.id > {last_entry} AND entry.id <= %(last_entry)s
) AS booked
GROUP BY account_id
