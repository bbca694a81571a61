-- Those of the creators who were ever written off, a transaction at a time: what they have earned since is counted, and
-- their write-offs are undone, by one after the other. INTERSECT, as a join could be planned as a loop over both.
SELECT account.owner_id AS creator_id
FROM ledger_accounts AS account
WHERE account.kind = 'creator_payable'
    AND account.owner_id IN (
        SELECT creator_id FROM adjustments WHERE kind = 'write_off' AND status = 'approved'
        INTERSECT
        SELECT creator_id FROM ({earned}) AS earned
    )
ORDER BY account.owner_id, account.kind, account.currency
FOR NO KEY UPDATE
