-- Two postings that share creators lock them in the same order, so neither waits for the other in a circle.
SELECT account.id
FROM ledger_accounts AS account
WHERE (account.owner_id, account.kind, account.currency) IN (
    SELECT creator_id, account, currency
    FROM ({lines}) AS given
    WHERE creator_id IS NOT NULL AND amount <> 0
)
ORDER BY account.owner_id, account.kind, account.currency
FOR NO KEY UPDATE
