-- One statement, so one snapshot: unclaimed earnings and ledger balances are as of the same moment. Creators who
-- only have debts of later periods aren't considered, and such debts aren't part of the payout's period.
WITH payable AS (
    SELECT
        creator_id,
        currency,
        sum(gross)::bigint AS gross,
        sum(platform_fee)::bigint AS platform_fee,
        sum(net)::bigint AS net,
        min(period_start) FILTER (WHERE period_end <= %(cutoff)s) AS period_start,
        max(period_end) FILTER (WHERE period_end <= %(cutoff)s) AS period_end
    FROM run_claim AS claim
    WHERE NOT EXISTS (
        SELECT FROM payouts AS live
        WHERE live.creator_id = claim.creator_id
            AND live.currency = claim.currency
            AND live.run_id = %(run)s
            AND live.status <> ALL(%(dead)s)
    )
    GROUP BY creator_id, currency
    HAVING bool_or(period_end <= %(cutoff)s)
),
unclaimed AS (
    SELECT creator_id, currency, sum(net)::bigint AS net
    FROM creator_earnings
    WHERE payout_id IS NULL AND creator_id = ANY(%(creators)s)
    GROUP BY creator_id, currency
),
candidate AS (
    SELECT payable.creator_id, payable.currency, payable.net AS payable, unclaimed.net AS unclaimed
    FROM payable
    LEFT JOIN unclaimed USING (creator_id, currency)
),
blocker AS ({blockers}),
first_blocker AS (
    SELECT DISTINCT ON (creator_id, currency) creator_id, currency, reason
    FROM blocker
    WHERE reason IS NOT NULL
    ORDER BY creator_id, currency, rank
)
INSERT INTO run_decision
SELECT
    payable.creator_id,
    payable.currency,
    payable.gross,
    payable.platform_fee,
    payable.net,
    payable.period_start,
    payable.period_end,
    coalesce(first_blocker.reason, 'paid'),
    CASE WHEN first_blocker.reason IS NULL THEN uuid7() END
FROM payable
LEFT JOIN first_blocker USING (creator_id, currency)
ORDER BY payable.creator_id, payable.currency
