-- An entry's balance_after is the sum of its account's entries up to and including it.
SELECT format('entry %s says %s after it, the entries up to it %s', id, balance_after, run_up) AS finding
FROM (
    SELECT
        entry.id,
        entry.balance_after,
        sum(entry.amount) OVER (PARTITION BY entry.account_id ORDER BY entry.id) AS run_up
    FROM ledger_entries AS entry
    JOIN ledger_accounts AS account ON account.id = entry.account_id
    WHERE account.balance IS NOT NULL
) AS running
WHERE balance_after IS DISTINCT FROM run_up
