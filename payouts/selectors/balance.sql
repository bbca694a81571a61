-- Where all that a creator ever earned is, by currency. Each part comes from its own table, so the sum proves them.
WITH earned AS (
    SELECT
        currency,
        sum(net)::bigint AS lifetime_net,
        coalesce(sum(net) FILTER (WHERE api_id IS NULL), 0)::bigint AS adjusted,
        coalesce(sum(net) FILTER (WHERE payout_id IS NULL), 0)::bigint AS unclaimed_net
    FROM creator_earnings
    WHERE creator_id = %(creator)s
    GROUP BY currency
),
written_off AS (
    SELECT currency, sum(amount)::bigint AS amount
    FROM adjustments
    WHERE creator_id = %(creator)s AND status = 'approved' AND kind = ANY(%(write_offs)s)
    GROUP BY currency
),
paid AS (
    SELECT currency, sum(net)::bigint AS amount
    FROM paid_totals
    WHERE creator_id = %(creator)s
    GROUP BY currency
),
on_its_way AS (
    SELECT currency, sum(net_amount)::bigint AS amount
    FROM payouts
    WHERE creator_id = %(creator)s AND status <> ALL(%(finished)s)
    GROUP BY currency
)
SELECT
    earned.currency,
    earned.lifetime_net,
    earned.unclaimed_net,
    coalesce(on_its_way.amount, 0) AS on_its_way,
    coalesce(paid.amount, 0) AS paid,
    earned.adjusted,
    coalesce(written_off.amount, 0) AS written_off,
    coalesce(booked.balance, 0) AS booked
FROM earned
LEFT JOIN written_off USING (currency)
LEFT JOIN paid USING (currency)
LEFT JOIN on_its_way USING (currency)
LEFT JOIN ledger_accounts AS booked
    ON booked.owner_id = %(creator)s AND booked.kind = 'creator_payable' AND booked.currency = earned.currency
ORDER BY earned.currency
