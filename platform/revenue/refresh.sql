WITH earned AS (
    SELECT
        currency,
        sum(gross)::bigint AS gross,
        sum(platform_fee)::bigint AS fees,
        sum(net)::bigint AS net,
        sum(transactions)::bigint AS transactions,
        sum(api_calls)::bigint AS api_calls
    FROM creator_earnings
    WHERE api_id IS NOT NULL AND period_start >= %(start)s AND period_start < %(end)s
    GROUP BY currency
),
subscribed AS (
    SELECT currency, count(*) AS subscriptions
    FROM (
        SELECT DISTINCT record.currency, record.source_id, record.subscription_id
        FROM billing_records AS record
        JOIN billing_batches AS batch ON batch.id = record.batch_id
        WHERE batch.posted_at IS NOT NULL
            AND record.kind = 'charge'
            AND record.subscription_id <> ''
            AND record.occurred_at >= %(start)s
            AND record.occurred_at < %(end)s
    ) AS distinct_ones
    GROUP BY currency
),
paid AS (
    SELECT
        payout.currency,
        sum(CASE WHEN event.to_status = 'paid' THEN payout.net_amount ELSE -payout.net_amount END)::bigint AS amount
    FROM payout_events AS event
    JOIN payouts AS payout ON payout.id = event.payout_id
    WHERE 'paid' IN (event.from_status, event.to_status)
        AND event.at >= %(start)s
        AND event.at < %(end)s
    GROUP BY payout.currency
)
INSERT INTO platform_revenue (
    month, currency, total_gross_revenue, total_platform_fees, total_creator_earnings, total_creator_payouts,
    total_transactions, total_api_calls, active_subscriptions, refreshed_at
)
SELECT
    %(start)s,
    currency,
    coalesce(earned.gross, 0),
    coalesce(earned.fees, 0),
    coalesce(earned.net, 0),
    coalesce(paid.amount, 0),
    coalesce(earned.transactions, 0),
    coalesce(earned.api_calls, 0),
    coalesce(subscribed.subscriptions, 0),
    %(now)s
FROM earned
FULL JOIN paid USING (currency)
LEFT JOIN subscribed USING (currency)
ON CONFLICT (month, currency) DO UPDATE SET
    total_gross_revenue = excluded.total_gross_revenue,
    total_platform_fees = excluded.total_platform_fees,
    total_creator_earnings = excluded.total_creator_earnings,
    total_creator_payouts = excluded.total_creator_payouts,
    total_transactions = excluded.total_transactions,
    total_api_calls = excluded.total_api_calls,
    active_subscriptions = excluded.active_subscriptions,
    refreshed_at = excluded.refreshed_at
