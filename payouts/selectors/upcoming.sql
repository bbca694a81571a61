-- What the next run will see of one creator, in each currency in which anything was booked and in the requested one.
WITH unclaimed AS (
    SELECT
        currency,
        sum(net)::bigint AS net,
        CASE
            WHEN bool_or(is_due) THEN sum(net) FILTER (WHERE is_claimable) ELSE 0
        END::bigint AS payable_net,
        min(period_start) FILTER (WHERE is_due) AS period_start
    FROM (
        SELECT currency, net, period_start, period_end <= %(cutoff)s AS is_due, {claimable} AS is_claimable
        FROM creator_earnings AS earning
        WHERE payout_id IS NULL AND creator_id = %(creator)s
    ) AS earning
    GROUP BY currency
),
known AS (
    SELECT currency, true AS booked
    FROM ledger_accounts
    WHERE owner_id = %(creator)s AND kind = 'creator_payable'
    UNION ALL
    SELECT %(requested)s, false
),
candidate AS (
    SELECT
        %(creator)s::uuid AS creator_id,
        known.currency,
        bool_or(known.booked) AS booked,
        coalesce(max(unclaimed.payable_net), 0) AS payable,
        coalesce(max(unclaimed.net), 0) AS unclaimed,
        max(unclaimed.period_start) AS period_start
    FROM known
    LEFT JOIN unclaimed USING (currency)
    GROUP BY known.currency
),
blocker AS ({blockers})
SELECT
    candidate.currency,
    candidate.booked,
    candidate.unclaimed AS unclaimed_net,
    candidate.payable AS payable_net,
    candidate.period_start,
    ARRAY(
        SELECT blocker.blocker FROM blocker WHERE blocker.currency = candidate.currency ORDER BY blocker.rank
    ) AS blockers
FROM candidate
ORDER BY candidate.currency
