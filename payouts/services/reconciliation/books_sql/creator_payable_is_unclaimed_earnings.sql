SELECT format('creator %s: payable %s, unclaimed %s %s', creator_id, booked, unclaimed, currency) AS finding
FROM (
    SELECT creator_id, currency, sum(booked) AS booked, sum(unclaimed) AS unclaimed
    FROM (
        SELECT owner_id AS creator_id, currency, balance AS booked, 0 AS unclaimed
        FROM ledger_accounts
        WHERE kind = 'creator_payable'
        UNION ALL
        SELECT creator_id, currency, 0, net
        FROM creator_earnings
        WHERE payout_id IS NULL
    ) AS both_sides
    GROUP BY creator_id, currency
) AS compared
WHERE booked <> unclaimed
