SELECT format('moved at Stripe %s, payouts sent %s %s', booked, sent, currency) AS finding
FROM (
    SELECT currency, sum(booked) AS booked, sum(sent) AS sent
    FROM (
        SELECT entry.currency, entry.amount AS booked, 0 AS sent
        FROM ledger_entries AS entry
        JOIN ledger_accounts AS account ON account.id = entry.account_id
        WHERE account.kind = 'stripe_balance' AND entry.id > {last_entry}
        UNION ALL
        SELECT account.currency, checked.amount, 0
        FROM books_checkpoint_balances AS checked
        JOIN ledger_accounts AS account ON account.id = checked.account_id
        WHERE account.kind = 'stripe_balance' AND checked.checkpoint_id = {checkpoint}
        UNION ALL
        SELECT currency, 0, net_amount - amount_reversed
        FROM payouts
        WHERE status IN ('in_transit', 'paid', 'returned', 'reversed')
        UNION ALL
        SELECT payout.currency, 0, placement.amount
        FROM suspense_placements AS placement
        JOIN payouts AS payout ON payout.id = placement.payout_id
        WHERE placement.status = 'approved' AND placement.target = 'stripe_balance'
        UNION ALL
        SELECT currency, 0, -amount
        FROM adjustments
        WHERE kind IN ('unexpected_transfer', 'unexpected_transfer_reversed') AND status = 'approved'
    ) AS both_sides
    GROUP BY currency
) AS compared
WHERE booked <> sent
