-- A page of the records that make up some earnings: records in batches that were posted to an earning and that match
-- its key. Batches are read in order (OFFSET 0 keeps the planner from changing that), so a page usually needs few.
WITH page AS (
    SELECT held.batch_id, held.earning_id, record.*
    FROM (
        SELECT
            batch.id AS batch_id,
            earning.id AS earning_id,
            earning.creator_id,
            earning.api_id,
            earning.currency,
            earning.commission_bps,
            earning.period_start,
            earning.period_end
        FROM creator_earnings AS earning
        JOIN earning_postings AS posting ON posting.earning_id = earning.id
        CROSS JOIN unnest(posting.batches) AS batch (id)
        WHERE earning.id = ANY(%(earnings)s) AND {from_here}
        ORDER BY batch.id {direction}
        OFFSET 0
    ) AS held
    CROSS JOIN LATERAL (
        SELECT
            id, source_id, record_id, kind, subscription_id, customer_id, amount, currency, occurred_at, api_calls,
            related_record_id, api_id
        FROM records_behind(
            held.batch_id, held.creator_id, held.api_id, held.currency, held.commission_bps, held.period_start,
            held.period_end
        )
        OFFSET 0
    ) AS record
    WHERE {past_here}
    ORDER BY held.batch_id {direction}, record.id {direction}
    LIMIT %(count)s
)
SELECT
    page.batch_id,
    page.id,
    page.earning_id,
    source.name AS source,
    page.record_id,
    page.kind,
    api.external_id AS api_id,
    page.subscription_id,
    page.customer_id,
    page.amount,
    gross_of(page.kind, page.amount) AS gross,
    page.currency,
    page.occurred_at,
    page.api_calls,
    page.related_record_id
FROM page
JOIN billing_sources AS source ON source.id = page.source_id
JOIN apis AS api ON api.id = page.api_id
ORDER BY page.batch_id {direction}, page.id {direction}
