SELECT format('creator %s: reserved %s, unsent %s %s', creator_id, booked, unsent, currency) AS finding
FROM (
    SELECT creator_id, currency, sum(booked) AS booked, sum(unsent) AS unsent
    FROM (
        SELECT owner_id AS creator_id, currency, balance AS booked, 0 AS unsent
        FROM ledger_accounts
        WHERE kind = 'payouts_reserved'
        UNION ALL
        SELECT creator_id, currency, 0, net_amount
        FROM payouts
        WHERE status IN ('pending', 'on_hold', 'processing', 'unresolved')
    ) AS both_sides
    GROUP BY creator_id, currency
) AS compared
WHERE booked <> unsent
