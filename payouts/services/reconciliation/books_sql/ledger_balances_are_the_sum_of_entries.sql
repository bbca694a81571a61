SELECT format(
    '%s of %s says %s %s, its entries %s',
    account.kind, account.owner_id, account.balance, account.currency, coalesce(sum(entry.amount), 0)
) AS finding
FROM ledger_accounts AS account
LEFT JOIN ledger_entries AS entry ON entry.account_id = account.id
WHERE account.balance IS NOT NULL
GROUP BY account.id
HAVING account.balance <> coalesce(sum(entry.amount), 0)
