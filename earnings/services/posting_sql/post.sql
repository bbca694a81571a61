-- Add the batches' records to the open earnings, or open new ones, and keep a trace. Refunds are positive, and already
-- subtracted from gross. Transactions and API calls are those of charges. The database derives the fee from gross;
-- `previous_platform_fee` keeps the fee from before this statement, so the difference is what was posted.
WITH part AS (
    SELECT
        batch_id,
        creator_id,
        api_id,
        currency,
        month_of(occurred_at) AS period_start,
        commission_bps,
        sum(gross_of(kind, amount))::bigint AS gross,
        coalesce(-sum(gross_of(kind, amount)) FILTER (WHERE kind <> 'charge'), 0)::bigint AS refunds,
        count(*) FILTER (WHERE kind = 'charge') AS transactions,
        coalesce(sum(api_calls) FILTER (WHERE kind = 'charge'), 0)::bigint AS api_calls
    FROM billing_records
    WHERE batch_id = ANY(%(batches)s)
    GROUP BY batch_id, creator_id, api_id, currency, month_of(occurred_at), commission_bps
),
delta AS MATERIALIZED (
    SELECT
        creator_id,
        api_id,
        currency,
        period_start,
        commission_bps,
        array_agg(batch_id) AS batches,
        sum(gross)::bigint AS gross,
        sum(refunds)::bigint AS refunds,
        sum(transactions)::bigint AS transactions,
        sum(api_calls)::bigint AS api_calls
    FROM part
    GROUP BY creator_id, api_id, currency, period_start, commission_bps
),
earned AS (
    INSERT INTO creator_earnings AS earning (
        creator_id, api_id, currency, period_start, period_end, commission_bps, gross, refunds, transactions,
        api_calls, previous_platform_fee, description
    )
    SELECT
        creator_id, api_id, currency, period_start, period_start + interval '1 month', commission_bps, gross, refunds,
        transactions, api_calls, 0, ''
    FROM delta
    ORDER BY creator_id, api_id, currency, period_start, commission_bps
    ON CONFLICT (creator_id, api_id, currency, period_start, period_end, commission_bps) WHERE closed_at IS NULL
    DO UPDATE SET
        previous_platform_fee = earning.platform_fee,
        gross = earning.gross + excluded.gross,
        refunds = earning.refunds + excluded.refunds,
        transactions = earning.transactions + excluded.transactions,
        api_calls = earning.api_calls + excluded.api_calls,
        updated_at = now()
    RETURNING
        id AS earning_id, creator_id, api_id, currency, period_start, commission_bps,
        platform_fee - previous_platform_fee AS platform_fee
),
added AS MATERIALIZED (
    -- Every row has a match. Without fresh statistics, an inner join could be planned as a nested loop.
    SELECT *
    FROM earned
    FULL JOIN delta USING (creator_id, api_id, currency, period_start, commission_bps)
),
traced AS (
    INSERT INTO earning_postings (posting_id, earning_id, batches, gross, refunds, transactions, api_calls)
    SELECT %(posting)s, earning_id, batches, gross, refunds, transactions, api_calls
    FROM added
    ORDER BY earning_id
)
INSERT INTO posting_row
SELECT creator_id, currency, period_start, gross, platform_fee
FROM added
