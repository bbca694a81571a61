SELECT format('in suspense %s, reversed of live payouts %s %s', booked, unplaced, currency) AS finding
FROM (
    SELECT currency, sum(booked) AS booked, sum(unplaced) AS unplaced
    FROM (
        SELECT entry.currency, entry.amount AS booked, 0 AS unplaced
        FROM ledger_entries AS entry
        JOIN ledger_accounts AS account ON account.id = entry.account_id
        WHERE account.kind = 'suspense' AND entry.id > {last_entry}
        UNION ALL
        SELECT account.currency, checked.amount, 0
        FROM books_checkpoint_balances AS checked
        JOIN ledger_accounts AS account ON account.id = checked.account_id
        WHERE account.kind = 'suspense' AND checked.checkpoint_id = {checkpoint}
        UNION ALL
        SELECT currency, 0, amount_reversed - amount_placed
        FROM payouts
        WHERE status <> 'reversed' AND amount_reversed <> 0
    ) AS both_sides
    GROUP BY currency
) AS compared
WHERE booked <> unplaced
