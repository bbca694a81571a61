-- Take each record's amount from its charge (or give it back, for a reversal), one by one in order of occurrence, if
-- that much is left. Charges are looked up by key, and rows to update by ctid, which can't change under the source's
-- lock: without fresh statistics, a join might compare each with each.
WITH step AS (
    SELECT
        resolved.ctid AS row,
        takeback.row AS takeback_row,
        take_back(
            takeback.refunded, takeback.charged_back, takeback.amount, resolved.kind, resolved.amount, false
        ) OVER in_order AS state,
        lead(resolved.line) OVER in_order IS NULL AS is_last
    FROM billing_resolved AS resolved
    CROSS JOIN LATERAL (
        SELECT ctid AS row, amount, refunded, charged_back
        FROM charge_takebacks
        WHERE charge_takebacks.charge_id = resolved.charge_id
        OFFSET 0
    ) AS takeback
    WHERE resolved.leads AND resolved.reason = ''
    WINDOW in_order AS (
        PARTITION BY resolved.charge_id ORDER BY resolved.occurred_at, resolved.line ROWS UNBOUNDED PRECEDING
    )
),
counted AS (
    UPDATE charge_takebacks AS takeback
    SET refunded = (step.state).refunded, charged_back = (step.state).charged_back
    FROM step
    WHERE takeback.ctid = step.takeback_row AND step.is_last
)
UPDATE billing_resolved AS resolved
SET taken = (step.state).fits, reason = CASE WHEN (step.state).fits THEN '' ELSE 'exceeds_charge' END
FROM step
WHERE resolved.ctid = step.row
