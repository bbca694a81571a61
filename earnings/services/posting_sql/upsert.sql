-- Add to each open row, or open one. The fee's change is what this statement itself changed: the database
-- derives the fee from gross, and `previous_platform_fee` holds what it was a moment ago.
WITH posted AS (
    INSERT INTO creator_earnings AS earning (
        creator_id, api_id, currency, period_start, period_end, commission_bps, gross, refunds, transactions,
        api_calls, previous_platform_fee, description
    )
    SELECT
        creator_id, api_id, currency, period_start, period_start + interval '1 month', commission_bps,
        sum(gross), sum(refunds), sum(transactions), sum(api_calls), 0, ''
    FROM posting_delta
    GROUP BY creator_id, api_id, currency, period_start, commission_bps
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
        id, creator_id, api_id, currency, period_start, commission_bps, platform_fee - previous_platform_fee AS fee
)
INSERT INTO posting_row
SELECT
    posted.id, posted.creator_id, posted.api_id, posted.currency, posted.period_start, posted.commission_bps,
    total.gross, posted.fee
FROM posted
JOIN (
    SELECT creator_id, api_id, currency, period_start, commission_bps, sum(gross)::bigint AS gross
    FROM posting_delta
    GROUP BY creator_id, api_id, currency, period_start, commission_bps
) AS total USING (creator_id, api_id, currency, period_start, commission_bps)
