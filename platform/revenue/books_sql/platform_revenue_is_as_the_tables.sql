-- Each month's row matches the totals of earnings, records and payout events. A month is left out if something was
-- posted to it, or a payout moved in it, from ten minutes before its refresh on: another refresh is on its way.
WITH earned AS (
    SELECT
        period_start AS month,
        currency,
        sum(gross) AS gross,
        sum(platform_fee) AS fees,
        sum(net) AS net,
        sum(transactions) AS transactions,
        sum(api_calls) AS api_calls
    FROM (SELECT *, period_start AS at FROM creator_earnings) AS earning
    WHERE api_id IS NOT NULL AND {in_months}
    GROUP BY period_start, currency
),
subscribed AS (
    SELECT month, currency, count(*) AS subscriptions
    FROM (
        SELECT DISTINCT
            month_of(record.occurred_at) AS month,
            record.currency,
            record.source_id,
            record.subscription_id
        FROM (SELECT *, occurred_at AS at FROM billing_records) AS record
        JOIN billing_batches AS batch ON batch.id = record.batch_id
        WHERE batch.posted_at IS NOT NULL AND record.kind = 'charge' AND record.subscription_id <> '' AND {in_months}
    ) AS distinct_ones
    GROUP BY month, currency
),
paid AS (
    SELECT
        month_of(event.at) AS month,
        payout.currency,
        sum(CASE WHEN event.to_status = 'paid' THEN payout.net_amount ELSE -payout.net_amount END) AS amount
    FROM payout_events AS event
    JOIN payouts AS payout ON payout.id = event.payout_id
    WHERE 'paid' IN (event.from_status, event.to_status) AND {in_months}
    GROUP BY month, payout.currency
),
changed AS (
    SELECT month, max(at) AS at
    FROM (
        SELECT earning.period_start AS month, posting.posted_at AS at
        FROM earning_postings AS trace
        JOIN creator_earnings AS earning ON earning.id = trace.earning_id
        JOIN postings AS posting ON posting.id = trace.posting_id
        WHERE posting.id > {last_posting}
        UNION ALL
        SELECT month_of(at), at
        FROM payout_events
        WHERE id > {last_event} AND 'paid' IN (from_status, to_status)
    ) AS change
    GROUP BY month
),
expected AS (
    SELECT
        month,
        currency,
        coalesce(earned.gross, 0) AS gross,
        coalesce(earned.fees, 0) AS fees,
        coalesce(earned.net, 0) AS net,
        coalesce(paid.amount, 0) AS paid,
        coalesce(earned.transactions, 0) AS transactions,
        coalesce(earned.api_calls, 0) AS api_calls,
        coalesce(subscribed.subscriptions, 0) AS subscriptions
    FROM earned
    FULL JOIN paid USING (month, currency)
    LEFT JOIN subscribed USING (month, currency)
)
SELECT format('%s %s: %s, the tables say %s', month, currency, shown.figures, worked_out.figures) AS finding
FROM (
    SELECT
        month,
        currency,
        refreshed_at,
        (
            total_gross_revenue, total_platform_fees, total_creator_earnings, total_creator_payouts, total_transactions,
            total_api_calls, active_subscriptions
        )::text AS figures
    FROM (SELECT *, month AS at FROM platform_revenue) AS revenue
    WHERE {in_months}
) AS shown
FULL JOIN (
    SELECT month, currency, (gross, fees, net, paid, transactions, api_calls, subscriptions)::text AS figures
    FROM expected
) AS worked_out USING (month, currency)
LEFT JOIN changed USING (month)
WHERE shown.figures IS DISTINCT FROM worked_out.figures
    AND coalesce(changed.at, '-infinity') < coalesce(shown.refreshed_at, now()) - interval '10 minutes'
