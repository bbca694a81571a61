-- Move the records of half of the earnings that a batch adds to; none if there is only one earning.
WITH ranked AS MATERIALIZED (
    SELECT
        id,
        dense_rank() OVER (
            ORDER BY creator_id, api_id, currency, month_of(occurred_at), commission_bps
        ) AS place
    FROM billing_records
    WHERE batch_id = %(batch)s
)
UPDATE billing_records AS record
SET batch_id = %(part)s
FROM ranked
WHERE record.id = ranked.id AND ranked.place > (SELECT (max(place) + 1) / 2 FROM ranked)
