SELECT format(
    'line %s says %s subscriptions, its charges %s', line.id, line.total_subscriptions, coalesce(total, 0)
) AS finding
FROM payout_line_items AS line
LEFT JOIN (
    SELECT earning_id, count(*) AS total
    FROM (
        SELECT DISTINCT trace.earning_id, record.source_id, record.subscription_id
        FROM (
            SELECT
                batch.posting_id,
                record.creator_id,
                record.api_id,
                record.currency,
                month_of(record.occurred_at) AS period_start,
                record.commission_bps,
                record.source_id,
                record.subscription_id
            FROM billing_records AS record
            JOIN billing_batches AS batch ON batch.id = record.batch_id
            WHERE record.kind = 'charge' AND record.subscription_id <> '' AND batch.posting_id IS NOT NULL
        ) AS record
        JOIN (
            SELECT
                trace.posting_id,
                trace.earning_id,
                earning.creator_id,
                earning.api_id,
                earning.currency,
                earning.period_start,
                earning.commission_bps
            FROM earning_postings AS trace
            JOIN creator_earnings AS earning ON earning.id = trace.earning_id
            WHERE earning.closed_at IS NOT NULL
                AND earning.id IN (SELECT earning_id FROM payout_line_items WHERE payout_id >= {made_since})
        ) AS trace USING (posting_id, creator_id, api_id, currency, period_start, commission_bps)
    ) AS distinct_ones
    GROUP BY earning_id
) AS subscribed USING (earning_id)
WHERE line.payout_id >= {made_since} AND line.total_subscriptions <> coalesce(total, 0)
