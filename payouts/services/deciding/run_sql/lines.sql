INSERT INTO payout_line_items (
    payout_id, earning_id, api_id, description, period_start, period_end, commission_bps, gross_revenue,
    platform_fee, net_revenue, total_subscriptions, total_api_calls
)
SELECT
    decision.payout_id,
    claim.earning_id,
    claim.api_id,
    claim.description,
    claim.period_start,
    claim.period_end,
    claim.commission_bps,
    claim.gross,
    claim.platform_fee,
    claim.net,
    coalesce(subscribed.total, 0),
    claim.api_calls
FROM run_claim AS claim
JOIN run_decision AS decision USING (creator_id, currency)
LEFT JOIN (
    SELECT earning_id, count(*) AS total
    FROM (
        SELECT DISTINCT claim.earning_id, record.source_id, record.subscription_id
        FROM run_claim AS claim
        JOIN earning_postings AS posting ON posting.earning_id = claim.earning_id
        CROSS JOIN unnest(posting.batches) AS batch (id)
        CROSS JOIN LATERAL records_behind(
            batch.id, claim.creator_id, claim.api_id, claim.currency, claim.commission_bps, claim.period_start,
            claim.period_end
        ) AS record
        WHERE record.kind = 'charge' AND record.subscription_id <> ''
    ) AS distinct_ones
    GROUP BY earning_id
) AS subscribed ON subscribed.earning_id = claim.earning_id
WHERE decision.payout_id IS NOT NULL
ORDER BY decision.payout_id
