-- A record has its API's owner and the rate at the time it happened. One that names a charge has the charge's owner and
-- rate, unless staff accepted it before the charge came. Records of a charge that was removed from the books stay as
-- they were posted.
WITH owned AS MATERIALIZED (
    SELECT
        api_id,
        creator_id,
        CASE WHEN row_number() OVER turn = 1 THEN '-infinity' ELSE owned_from END AS starts,
        lead(owned_from, 1, 'infinity') OVER turn AS ends
    FROM api_ownerships
    WINDOW turn AS (PARTITION BY api_id ORDER BY owned_from)
),
rate AS MATERIALIZED (
    SELECT
        creator_id,
        api_id,
        bps,
        CASE
            WHEN creator_id IS NULL AND api_id IS NULL AND row_number() OVER turn = 1 THEN '-infinity'
            ELSE effective_from
        END AS starts,
        lead(effective_from, 1, 'infinity') OVER turn AS ends
    FROM (
        SELECT DISTINCT ON (creator_id, api_id, effective_from) *
        FROM commission_rates
        ORDER BY creator_id, api_id, effective_from, id DESC
    ) AS last_made
    WINDOW turn AS (PARTITION BY creator_id, api_id ORDER BY effective_from)
)
SELECT format(
    'record %s: creator %s at %s, its API''s owner %s at %s',
    record.record_id, record.creator_id, record.commission_bps,
    owned.creator_id, coalesce(of_api.bps, of_creator.bps, by_default.bps)
) AS finding
FROM billing_records AS record
LEFT JOIN owned
    ON owned.api_id = record.api_id AND record.occurred_at >= owned.starts AND record.occurred_at < owned.ends
LEFT JOIN rate AS of_api
    ON of_api.api_id = record.api_id AND record.occurred_at >= of_api.starts AND record.occurred_at < of_api.ends
LEFT JOIN rate AS of_creator
    ON of_creator.creator_id = owned.creator_id
    AND record.occurred_at >= of_creator.starts
    AND record.occurred_at < of_creator.ends
LEFT JOIN (SELECT * FROM rate WHERE api_id IS NULL AND creator_id IS NULL) AS by_default
    ON record.occurred_at >= by_default.starts AND record.occurred_at < by_default.ends
WHERE record.batch_id > {last_batch}
    AND (record.related_record_id = '' OR record.id IN (SELECT record_id FROM unlinked_records))
    AND (record.creator_id, record.commission_bps)
        IS DISTINCT FROM (owned.creator_id, coalesce(of_api.bps, of_creator.bps, by_default.bps))
UNION ALL
SELECT format('record %s differs from charge %s, which it names', record.record_id, record.related_record_id)
FROM billing_records AS record
LEFT JOIN billing_records AS charge
    ON charge.source_id = record.source_id AND charge.record_id = record.related_record_id AND charge.kind = 'charge'
WHERE record.batch_id > {last_batch}
    AND record.related_record_id <> ''
    AND record.id NOT IN (SELECT record_id FROM unlinked_records)
    AND NOT EXISTS (
        SELECT FROM quarantined_records AS left_once
        WHERE left_once.source_id = record.source_id
            AND left_once.record_id = record.related_record_id
            AND left_once.reason = 'unpostable'
    )
    AND (record.creator_id, record.api_id, record.currency, record.commission_bps)
        IS DISTINCT FROM (charge.creator_id, charge.api_id, charge.currency, charge.commission_bps)
