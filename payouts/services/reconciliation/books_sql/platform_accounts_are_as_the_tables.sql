-- The platform's own ledger accounts match the totals of earnings, adjustments and what exchange rates took. The Stripe
-- balance and suspense have their own validations.
SELECT format('%s is %s, the tables say %s %s', kind, booked, expected, currency) AS finding
FROM (
    SELECT kind, currency, sum(booked) AS booked, sum(expected) AS expected
    FROM (
        SELECT account.kind, account.currency, entry.amount AS booked, 0 AS expected
        FROM ledger_entries AS entry
        JOIN ledger_accounts AS account ON account.id = entry.account_id
        WHERE account.kind NOT IN ('creator_payable', 'payouts_reserved', 'stripe_balance', 'suspense')
            AND entry.id > {last_entry}
        UNION ALL
        SELECT account.kind, account.currency, checked.amount, 0
        FROM books_checkpoint_balances AS checked
        JOIN ledger_accounts AS account ON account.id = checked.account_id
        WHERE account.kind NOT IN ('creator_payable', 'payouts_reserved', 'stripe_balance', 'suspense')
            AND checked.checkpoint_id = {checkpoint}
        UNION ALL
        SELECT line.kind, earned.currency, 0, line.amount
        FROM (
            SELECT currency, sum(gross) AS gross, sum(platform_fee) AS platform_fee
            FROM creator_earnings
            WHERE api_id IS NOT NULL
            GROUP BY currency
        ) AS earned
        CROSS JOIN LATERAL (
            VALUES ('receipts', -earned.gross), ('platform_fees', earned.platform_fee)
        ) AS line (kind, amount)
        UNION ALL
        SELECT CASE kind WHEN 'correction' THEN 'adjustments' ELSE 'write_offs' END, currency, 0, -amount
        FROM adjustments
        WHERE kind IN ('correction', 'write_off', 'write_off_undone', 'write_off_restored') AND status = 'approved'
        UNION ALL
        SELECT 'adjustments', payout.currency, 0, placement.amount
        FROM suspense_placements AS placement
        JOIN payouts AS payout ON payout.id = placement.payout_id
        WHERE placement.status = 'approved' AND placement.target <> 'stripe_balance'
        UNION ALL
        SELECT 'fx_difference', currency, 0, -fx_loss
        FROM payouts
        WHERE fx_loss <> 0
    ) AS both_sides
    GROUP BY kind, currency
) AS compared
WHERE booked <> expected
