SELECT format('batch %s: records %s, postings %s', batch_id, recorded, posted) AS finding
FROM (
    SELECT batch_id, sum(recorded)::bigint AS recorded, sum(posted)::bigint AS posted
    FROM (
        SELECT
            record.batch_id,
            record.creator_id,
            record.api_id,
            CASE WHEN record.kind IN ('refund', 'chargeback') THEN -record.amount ELSE record.amount END AS recorded,
            0 AS posted
        FROM billing_records AS record
        JOIN billing_batches AS batch ON batch.id = record.batch_id
        WHERE batch.posted_at IS NOT NULL
        UNION ALL
        SELECT posting.batch_id, earning.creator_id, earning.api_id, 0, posting.gross
        FROM earning_postings AS posting
        JOIN creator_earnings AS earning ON earning.id = posting.earning_id
    ) AS both_sides
    GROUP BY batch_id, creator_id, api_id
) AS compared
WHERE recorded <> posted
