-- One transaction per adjustment: the creator's payable, and the account opposite.
SELECT
    'adjustment:' || adjustment.id AS source_key,
    'adjustment' AS kind,
    line.creator_id,
    line.account,
    adjustment.currency::text AS currency,
    line.amount
FROM adjustments AS adjustment
CROSS JOIN LATERAL (
    VALUES
        (adjustment.creator_id, 'creator_payable', adjustment.amount),
        (NULL, %(other_side)s::text, -adjustment.amount)
) AS line (creator_id, account, amount)
WHERE adjustment.id = ANY(%(ids)s)
