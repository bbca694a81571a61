-- Open quarantined records whose cause is gone.
SELECT held.id, held.source_id, held.content
FROM quarantined_records AS held
LEFT JOIN LATERAL (
    SELECT record.id, record.batch_id, takeback.taken_back, record.amount
    FROM billing_records AS record
    JOIN apis AS api ON api.id = record.api_id
    LEFT JOIN charge_takebacks AS takeback ON takeback.charge_id = record.id
    WHERE record.source_id = held.source_id
        AND record.record_id = held.content ->> 'related_record_id'
        AND record.kind = 'charge'
        AND record.currency = held.content ->> 'currency'
        AND coalesce(held.content ->> 'api_id', api.external_id) = api.external_id
) AS charge ON true
WHERE held.resolved_at IS NULL
    AND CASE held.reason
        WHEN 'time_in_future' THEN (held.content ->> 'occurred_at')::timestamptz <= %(now)s
        WHEN 'currency_not_paid' THEN held.content ->> 'currency' = ANY(%(paid)s)
        WHEN 'api_unknown' THEN EXISTS (
            SELECT FROM apis WHERE apis.external_id = held.content ->> 'api_id'
        )
        WHEN 'owner_unknown' THEN EXISTS (
            SELECT FROM apis
            JOIN api_ownerships AS ownership ON ownership.api_id = apis.id
            WHERE apis.external_id = held.content ->> 'api_id'
        )
        -- The catalogue may hear of a new owner after the billing system did.
        WHEN 'owner_mismatch' THEN held.content ->> 'related_record_id' IS NULL AND held.content ->> 'creator_id' = (
            SELECT creator.external_id
            FROM apis
            JOIN api_ownerships AS ownership ON ownership.api_id = apis.id
            JOIN creators AS creator ON creator.id = ownership.creator_id
            WHERE apis.external_id = held.content ->> 'api_id'
                AND ownership.owned_from <= (held.content ->> 'occurred_at')::timestamptz
            ORDER BY ownership.owned_from DESC
            LIMIT 1
        )
        -- Asked last, and by key: a join here makes for bad plans while there are few batches.
        WHEN 'charge_unknown' THEN charge.id IS NOT NULL AND NOT EXISTS (
            SELECT FROM billing_batches AS batch
            WHERE batch.id = charge.batch_id AND batch.set_aside_at IS NOT NULL
        )
        WHEN 'exceeds_charge' THEN CASE
            WHEN held.content ->> 'kind' IN ('refund', 'chargeback')
            THEN charge.taken_back + (held.content ->> 'amount')::bigint <= charge.amount
            ELSE charge.taken_back >= (held.content ->> 'amount')::bigint
        END
        ELSE false
    END
ORDER BY held.id
LIMIT %(limit)s
