-- What a retry of a creator's dead payout would pay by the rules of its run, and the first reason to refuse it.
WITH candidate AS (
    SELECT
        earning.creator_id,
        earning.currency,
        coalesce(sum(earning.net) FILTER (WHERE {claimable}), 0)::bigint AS payable,
        sum(earning.net)::bigint AS unclaimed
    FROM creator_earnings AS earning
    WHERE earning.payout_id IS NULL
        AND earning.creator_id = %(creator)s
        AND earning.currency = %(currency)s
        AND NOT EXISTS (
            SELECT FROM payouts AS live
            WHERE live.creator_id = earning.creator_id
                AND live.currency = earning.currency
                AND live.run_id = %(run)s
                AND live.status <> ALL(%(dead)s)
        )
    GROUP BY earning.creator_id, earning.currency
    HAVING bool_or(earning.period_end <= %(cutoff)s)
),
blocker AS ({blockers})
SELECT
    candidate.payable,
    (SELECT blocker.reason FROM blocker WHERE blocker.reason IS NOT NULL ORDER BY blocker.rank LIMIT 1) AS reason
FROM candidate
