-- One statement, so one snapshot: what is unclaimed and what the ledger says are of the same moment.
WITH payable AS (
    SELECT
        creator_id,
        currency,
        sum(gross)::bigint AS gross,
        sum(platform_fee)::bigint AS platform_fee,
        sum(net)::bigint AS net,
        min(period_start) AS period_start,
        max(period_end) AS period_end
    FROM run_claim AS claim
    WHERE NOT EXISTS (
        SELECT FROM payouts AS live
        WHERE live.creator_id = claim.creator_id
            AND live.currency = claim.currency
            AND live.run_id = %(run)s
            AND live.status <> ALL(%(dead)s)
    )
    GROUP BY creator_id, currency
),
minimum AS (
    SELECT * FROM unnest(%(currencies)s::text[], %(minimums)s::bigint[]) AS given (currency, amount)
),
unclaimed AS (
    SELECT creator_id, currency, sum(net)::bigint AS net
    FROM creator_earnings
    WHERE payout_id IS NULL AND creator_id = ANY(%(creators)s)
    GROUP BY creator_id, currency
)
INSERT INTO run_decision
SELECT
    decided.*,
    CASE WHEN decided.reason = 'paid' THEN uuid7() END
FROM (
    SELECT
        payable.creator_id,
        payable.currency,
        payable.gross,
        payable.platform_fee,
        payable.net,
        payable.period_start,
        payable.period_end,
        CASE
            WHEN minimum.amount IS NULL THEN 'no_minimum_for_currency'
            WHEN payable.net < 0 THEN 'negative_balance'
            WHEN payable.net < minimum.amount THEN 'below_minimum'
            WHEN EXISTS (
                -- One that expires only delays: the payout is made, and held until then.
                SELECT FROM holds
                WHERE holds.creator_id = payable.creator_id AND holds.lifted_at IS NULL AND holds.expires_at IS NULL
            ) THEN 'on_hold'
            WHEN account.account_status = 'not_created' AND account.refused_country <> '' THEN 'country_not_supported'
            WHEN account.account_status IS NULL OR account.account_status = 'not_created' THEN 'no_account'
            WHEN account.account_status IN ('pending', 'onboarding') THEN 'onboarding_incomplete'
            WHEN account.account_status <> 'active' THEN 'account_restricted'
            WHEN EXISTS (
                SELECT FROM payouts AS previous
                WHERE previous.creator_id = payable.creator_id
                    AND previous.currency = payable.currency
                    AND previous.status = ANY(%(blocks_the_next)s)
                    AND NOT (previous.status = ANY(%(may_be_overtaken)s) AND previous.created_at < %(overtaken_before)s)
            ) THEN 'previous_payout_open'
            WHEN (unclaimed.net IS DISTINCT FROM booked.balance) THEN 'books_disagree'
            ELSE 'paid'
        END AS reason
    FROM payable
    LEFT JOIN minimum USING (currency)
    LEFT JOIN unclaimed USING (creator_id, currency)
    LEFT JOIN ledger_accounts AS booked
        ON booked.owner_id = payable.creator_id
        AND booked.kind = 'creator_payable'
        AND booked.currency = payable.currency
    LEFT JOIN creator_payment_accounts AS account
        ON account.creator_id = payable.creator_id AND account.replaced_at IS NULL
    ORDER BY payable.creator_id, payable.currency
) AS decided
