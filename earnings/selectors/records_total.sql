-- How many records make up some earnings, and what they add to them.
SELECT count(*) AS count, coalesce(sum(gross_of(record.kind, record.amount)), 0)::bigint AS gross
FROM creator_earnings AS earning
JOIN earning_postings AS posting ON posting.earning_id = earning.id
CROSS JOIN unnest(posting.batches) AS batch (id)
CROSS JOIN LATERAL records_behind(
    batch.id, earning.creator_id, earning.api_id, earning.currency, earning.commission_bps, earning.period_start,
    earning.period_end
) AS record
WHERE earning.id = ANY(%(earnings)s)
