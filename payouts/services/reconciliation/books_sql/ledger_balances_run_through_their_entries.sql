-- An entry's balance_after is the sum of its account's entries up to and including it. Entries up to the checkpoint are
-- summed in the balance after the latest of them.
SELECT format('entry %s says %s after it, the entries up to it %s', id, balance_after, before + run_up) AS finding
FROM (
    SELECT
        entry.id,
        entry.account_id,
        entry.balance_after,
        sum(entry.amount) OVER (PARTITION BY entry.account_id ORDER BY entry.id) AS run_up
    FROM ledger_entries AS entry
    JOIN ledger_accounts AS account ON account.id = entry.account_id
    WHERE account.balance IS NOT NULL AND entry.id > {last_entry}
) AS running
JOIN (
    SELECT
        id AS account_id,
        coalesce((
            SELECT balance_after
            FROM ledger_entries
            WHERE account_id = owned.id AND id <= {last_entry}
            ORDER BY id DESC
            LIMIT 1
        ), 0) AS before
    FROM ledger_accounts AS owned
) AS opening USING (account_id)
WHERE balance_after IS DISTINCT FROM before + run_up
