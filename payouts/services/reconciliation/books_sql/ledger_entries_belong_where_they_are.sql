-- Each entry has a transaction, and an account of the same currency. Only creators' accounts keep a balance.
SELECT format(
    'entry %s of %s: transaction %s, account %s', entry.id, entry.currency, booked.source_key, account.currency
) AS finding
FROM ledger_entries AS entry
LEFT JOIN ledger_transactions AS booked ON booked.id = entry.transaction_id
LEFT JOIN ledger_accounts AS account ON account.id = entry.account_id
WHERE entry.transaction_id > {last_transaction}
    AND (
        booked.id IS NULL
        OR account.currency IS DISTINCT FROM entry.currency
        OR (account.balance IS NULL) <> (entry.balance_after IS NULL)
    )
