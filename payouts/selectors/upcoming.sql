-- What the next run will see of one creator, per currency in which anything was ever booked; one row without a
-- currency if nothing was. The rules are those of the run: run_sql/claim.sql and decide.sql.
WITH unclaimed AS (
    SELECT
        currency,
        sum(net)::bigint AS net,
        coalesce(sum(net) FILTER (WHERE period_end <= %(cutoff)s), 0)::bigint AS payable_net,
        min(period_start) FILTER (WHERE period_end <= %(cutoff)s) AS period_start
    FROM creator_earnings
    WHERE payout_id IS NULL AND creator_id = %(creator)s
    GROUP BY currency
)
SELECT
    booked.currency,
    coalesce(unclaimed.net, 0) AS unclaimed_net,
    coalesce(unclaimed.payable_net, 0) AS payable_net,
    unclaimed.period_start,
    coalesce(account.account_status, 'not_created') AS account_status,
    account.gone_at IS NOT NULL AS account_gone,
    coalesce(account.account_status = 'not_created' AND account.refused_country <> '', false) AS country_refused,
    EXISTS (
        SELECT FROM holds
        WHERE holds.creator_id = creator.id
            AND holds.lifted_at IS NULL
            AND holds.expires_at IS NULL
            AND NOT holds.until_paid_elsewhere
    ) AS on_hold,
    EXISTS (
        SELECT FROM holds
        WHERE holds.creator_id = creator.id AND holds.lifted_at IS NULL AND holds.until_paid_elsewhere
    ) AS destination_refused,
    EXISTS (
        SELECT FROM holds
        WHERE holds.creator_id = creator.id AND holds.lifted_at IS NULL AND holds.expires_at IS NOT NULL
    ) AS cooling_down,
    EXISTS (
        SELECT FROM payouts AS previous
        WHERE previous.creator_id = creator.id
            AND previous.currency = booked.currency
            AND previous.status = ANY(%(blocks_the_next)s)
            AND NOT (previous.status = ANY(%(may_be_overtaken)s) AND previous.created_at < %(overtaken_before)s)
    ) AS previous_payout_open,
    coalesce(unclaimed.net, 0) <> coalesce(booked.balance, 0) AS books_disagree
FROM creators AS creator
LEFT JOIN ledger_accounts AS booked ON booked.owner_id = creator.id AND booked.kind = 'creator_payable'
LEFT JOIN unclaimed USING (currency)
LEFT JOIN creator_payment_accounts AS account ON account.creator_id = creator.id AND account.replaced_at IS NULL
WHERE creator.id = %(creator)s
ORDER BY booked.currency
