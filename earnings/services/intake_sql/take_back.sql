-- One round: the next record of each charge takes back its amount (a reversal gives it back), if the charge
-- has that much left.
WITH candidate AS (
    SELECT DISTINCT ON (charge_id)
        charge_id,
        line,
        CASE WHEN kind IN ('refund', 'chargeback') THEN amount ELSE -amount END AS takes
    FROM billing_resolved
    WHERE charge_id IS NOT NULL AND leads AND reason = '' AND taken IS NULL
    ORDER BY charge_id, line
),
taken AS (
    UPDATE charge_takebacks AS takeback
    SET taken_back = takeback.taken_back + candidate.takes
    FROM candidate
    WHERE takeback.charge_id = candidate.charge_id
        AND takeback.taken_back + candidate.takes BETWEEN 0 AND takeback.amount
    RETURNING takeback.charge_id
)
UPDATE billing_resolved AS resolved
SET taken = taken.charge_id IS NOT NULL,
    reason = CASE WHEN taken.charge_id IS NULL THEN 'exceeds_charge' ELSE '' END
FROM candidate
LEFT JOIN taken USING (charge_id)
WHERE resolved.line = candidate.line
