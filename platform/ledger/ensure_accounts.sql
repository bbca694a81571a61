WITH line AS (
    SELECT DISTINCT coalesce(creator_id, '00000000-0000-0000-0000-000000000000') AS owner_id, account, currency
    FROM ({lines}) AS lines
    WHERE amount <> 0
)
INSERT INTO ledger_accounts (owner_id, kind, currency, balance)
SELECT owner_id, account, currency, CASE WHEN owner_id <> '00000000-0000-0000-0000-000000000000' THEN 0 END
FROM line
WHERE NOT EXISTS (
    SELECT FROM ledger_accounts AS existing
    WHERE existing.owner_id = line.owner_id AND existing.kind = line.account AND existing.currency = line.currency
)
ORDER BY owner_id, account, currency
ON CONFLICT DO NOTHING
