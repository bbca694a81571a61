-- Lock those of the creators who have a write-off, so that only one transaction at a time counts their earnings and
-- undoes their write-offs. INTERSECT, as a join could be planned as a nested loop.
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
