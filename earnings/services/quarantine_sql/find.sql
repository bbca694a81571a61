-- Records that can enter now, by source, in parts of some thousand; records that name the same charge share a part.
-- They are found by what they wait for, where that has changed. All look-ups are by key, as the planner doesn't know
-- how many records wait, or for what. `+ 0` keeps it from using indexes on the source, which look as good to it.
WITH own AS MATERIALIZED (
    SELECT id, source_id, reason, content
    FROM quarantined_records
    WHERE batch_id = ANY(%(batches)s::bigint[]) AND resolved_at IS NULL AND reason = ANY(%(waiting)s)
),
charge AS MATERIALIZED (
    SELECT source_id, CASE kind WHEN 'charge' THEN record_id ELSE related_record_id END AS record_id
    FROM billing_records
    WHERE batch_id = ANY(%(batches)s::bigint[])
        AND (kind = 'charge' OR related_record_id <> '')
        AND EXISTS (
            SELECT FROM quarantined_records
            WHERE resolved_at IS NULL AND reason IN ('charge_unknown', 'exceeds_charge')
        )
    UNION
    SELECT source_id, content ->> 'related_record_id' FROM own WHERE reason IN ('charge_unknown', 'exceeds_charge')
),
found AS (
    SELECT id FROM own
    UNION ALL
    SELECT of_api.id
    FROM apis AS api
    CROSS JOIN LATERAL (
        SELECT held.id
        FROM quarantined_records AS held
        WHERE held.content ->> 'api_id' = api.external_id
            AND held.resolved_at IS NULL
            AND held.reason IN ('api_unknown', 'owner_unknown', 'owner_mismatch')
        OFFSET 0
    ) AS of_api
    WHERE api.id = ANY(%(apis)s::uuid[])
    UNION ALL
    SELECT of_charge.id
    FROM charge
    CROSS JOIN LATERAL (
        SELECT held.id
        FROM quarantined_records AS held
        WHERE held.content ->> 'related_record_id' = charge.record_id
            AND held.source_id + 0 = charge.source_id
            AND held.resolved_at IS NULL
            AND held.reason IN ('charge_unknown', 'exceeds_charge')
        OFFSET 0
    ) AS of_charge
    UNION ALL
    SELECT id
    FROM quarantined_records
    WHERE content ->> 'currency' = ANY(%(paid)s) AND resolved_at IS NULL AND reason = 'currency_not_paid'
    UNION ALL
    SELECT id
    FROM quarantined_records
    -- These times are in UTC, so they sort as text.
    WHERE (content ->> 'occurred_at') COLLATE "C" <= %(now_as_text)s
        AND resolved_at IS NULL
        AND reason = 'time_in_future'
),
ready AS (
    SELECT held.id, held.source_id, coalesce(held.content ->> 'related_record_id', '') AS charge
    FROM quarantined_records AS held
    WHERE held.id = ANY(ARRAY(SELECT id FROM found))
        AND CASE
            WHEN held.reason IN ('api_unknown', 'owner_unknown') THEN EXISTS (
                SELECT FROM apis
                JOIN api_ownerships AS ownership ON ownership.api_id = apis.id
                WHERE apis.external_id = held.content ->> 'api_id'
            )
            -- The billing system may know a new owner before the catalogue does.
            WHEN held.reason = 'owner_mismatch' THEN
                held.content ->> 'related_record_id' IS NULL AND held.content ->> 'creator_id' = (
                    SELECT creator.external_id
                    FROM apis
                    JOIN api_ownerships AS ownership ON ownership.api_id = apis.id
                    JOIN creators AS creator ON creator.id = ownership.creator_id
                    WHERE apis.external_id = held.content ->> 'api_id'
                        AND ownership.owned_from <= (held.content ->> 'occurred_at')::timestamptz
                    ORDER BY ownership.owned_from DESC
                    LIMIT 1
                )
            WHEN held.content ->> 'related_record_id' IS NOT NULL
                AND held.reason IN ('charge_unknown', 'exceeds_charge')
            THEN (
                SELECT
                    currency = held.content ->> 'currency'
                    AND (SELECT set_aside_at IS NULL FROM billing_batches WHERE id = record.batch_id)
                    AND (
                        held.content ->> 'api_id' IS NULL
                        OR held.content ->> 'api_id' = (SELECT external_id FROM apis WHERE id = record.api_id)
                    )
                FROM billing_records AS record
                WHERE record.source_id = held.source_id
                    AND record.record_id = held.content ->> 'related_record_id'
                    AND record.kind = 'charge'
            )
            WHEN held.reason = 'time_in_future' THEN (held.content ->> 'occurred_at')::timestamptz <= %(now)s
            WHEN held.reason = 'currency_not_paid' THEN held.content ->> 'currency' = ANY(%(paid)s)
            ELSE true
        END
)
SELECT source_id, array_agg(id) AS ids
FROM (
    SELECT
        id,
        source_id,
        (rank() OVER (PARTITION BY source_id ORDER BY charge, CASE charge WHEN '' THEN id END) - 1) / %(limit)s AS part
    FROM ready
) AS parted
GROUP BY source_id, part
ORDER BY source_id, part
