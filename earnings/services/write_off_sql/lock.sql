-- What a creator has earned since a write-off is counted, and the write-off undone, by one transaction at a time.
SELECT account.id
FROM ledger_accounts AS account
WHERE account.kind = 'creator_payable'
    AND account.owner_id IN (
        SELECT creator_id
        FROM adjustments
        WHERE kind = 'write_off' AND status = 'approved' AND creator_id IN (/* creators */)
    )
ORDER BY account.owner_id, account.kind, account.currency
FOR NO KEY UPDATE
