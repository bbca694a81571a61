-- Half of the rows that the batch's records belong to, with all their records; none if there is only one row.
UPDATE billing_records AS record
SET batch_id = %(part)s
FROM (
    SELECT
        creator_id,
        api_id,
        currency,
        date_trunc('month', occurred_at, 'UTC') AS month,
        commission_bps,
        row_number() OVER (
            ORDER BY creator_id, api_id, currency, date_trunc('month', occurred_at, 'UTC'), commission_bps
        ) > (count(*) OVER () + 1) / 2 AS moves
    FROM billing_records
    WHERE batch_id = %(batch)s
    GROUP BY creator_id, api_id, currency, date_trunc('month', occurred_at, 'UTC'), commission_bps
) AS earning
WHERE record.batch_id = %(batch)s
    AND earning.moves
    AND record.creator_id = earning.creator_id
    AND record.api_id = earning.api_id
    AND record.currency = earning.currency
    AND date_trunc('month', record.occurred_at, 'UTC') = earning.month
    AND record.commission_bps = earning.commission_bps
