-- A posting's batches for a row are exactly those that hold the row's records.
SELECT format(
    'posting %s of earning %s: %s of batches %s, records %s of %s',
    posting_id, earning_id, posted, batches, recorded, held_by
) AS finding
FROM (
    SELECT
        trace.posting_id,
        earning.id AS earning_id,
        earning.creator_id,
        earning.api_id,
        earning.currency,
        earning.period_start,
        earning.commission_bps,
        (trace.gross, trace.refunds, trace.transactions, trace.api_calls)::text AS posted,
        (SELECT array_agg(batch ORDER BY batch) FROM unnest(trace.batches) AS batch) AS batches
    FROM earning_postings AS trace
    JOIN creator_earnings AS earning ON earning.id = trace.earning_id
    WHERE trace.posting_id > {last_posting}
) AS traced
FULL JOIN (
    SELECT
        posting_id,
        creator_id,
        api_id,
        currency,
        period_start,
        commission_bps,
        (sum(gross), sum(refunds), sum(transactions), sum(api_calls))::text AS recorded,
        array_agg(batch_id ORDER BY batch_id) AS held_by
    FROM (
        SELECT
            batch_id,
            creator_id,
            api_id,
            currency,
            month_of(occurred_at) AS period_start,
            commission_bps,
            sum(gross_of(kind, amount)) AS gross,
            coalesce(-sum(gross_of(kind, amount)) FILTER (WHERE kind <> 'charge'), 0) AS refunds,
            count(*) FILTER (WHERE kind = 'charge') AS transactions,
            coalesce(sum(api_calls) FILTER (WHERE kind = 'charge'), 0) AS api_calls
        FROM billing_records
        WHERE batch_id IN (SELECT id FROM billing_batches WHERE posting_id > {last_posting})
        GROUP BY batch_id, creator_id, api_id, currency, month_of(occurred_at), commission_bps
    ) AS part
    JOIN billing_batches AS batch ON batch.id = part.batch_id
    WHERE batch.posting_id > {last_posting}
    GROUP BY posting_id, creator_id, api_id, currency, period_start, commission_bps
) AS held USING (posting_id, creator_id, api_id, currency, period_start, commission_bps)
WHERE (posted, batches) IS DISTINCT FROM (recorded, held_by)
