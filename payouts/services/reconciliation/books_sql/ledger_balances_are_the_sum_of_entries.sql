-- Entries up to the checkpoint are summed in the balance after the latest of them.
SELECT format(
    '%s of %s says %s %s, its entries %s', kind, owner_id, balance, currency, before + coalesce(since, 0)
) AS finding
FROM (
    SELECT
        account.*,
        coalesce((
            SELECT balance_after
            FROM ledger_entries
            WHERE account_id = account.id AND id <= {last_entry}
            ORDER BY id DESC
            LIMIT 1
        ), 0) AS before
    FROM ledger_accounts AS account
    WHERE balance IS NOT NULL
) AS account
LEFT JOIN (
    SELECT account_id, sum(amount) AS since
    FROM ledger_entries
    WHERE id > {last_entry}
    GROUP BY account_id
) AS entry ON entry.account_id = account.id
WHERE balance <> before + coalesce(since, 0)
