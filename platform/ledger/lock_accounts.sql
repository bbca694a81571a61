-- Locked in key order, so that two postings with creators in common can't deadlock.
SELECT account.id
FROM ledger_accounts AS account
WHERE (account.owner_id, account.kind, account.currency) IN (
    SELECT creator_id, account, currency
    FROM ({lines}) AS lines
    WHERE creator_id IS NOT NULL AND amount <> 0
)
ORDER BY account.owner_id, account.kind, account.currency
FOR NO KEY UPDATE
