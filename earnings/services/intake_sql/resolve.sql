-- Settle API, owner and rate of each staged record, or the first reason against it (`verdict`). Records that name
-- a charge take all three from it later.
WITH known AS (
    SELECT api.id, api.external_id
    FROM apis AS api
    WHERE api.external_id IN (SELECT api_external_id FROM billing_intake WHERE related_record_id = '')
),
owner AS MATERIALIZED (
    SELECT
        api_id,
        creator_id,
        creator.external_id AS creator_external_id,
        CASE WHEN row_number() OVER turn = 1 THEN '-infinity' ELSE owned_from END AS owned_from,
        lead(owned_from, 1, 'infinity') OVER turn AS owned_until
    FROM api_ownerships
    JOIN creators AS creator ON creator.id = creator_id
    WHERE api_id IN (SELECT id FROM known)
    WINDOW turn AS (PARTITION BY api_id ORDER BY owned_from)
),
rate AS MATERIALIZED (
    SELECT
        bps,
        CASE WHEN row_number() OVER turn = 1 THEN '-infinity' ELSE effective_from END AS effective_from,
        lead(effective_from, 1, 'infinity') OVER turn AS effective_until
    FROM commission_rates
    WINDOW turn AS (ORDER BY effective_from)
)
SELECT
    staged.*,
    known.id AS api_id,
    owner.creator_id,
    rate.bps AS commission_bps,
    CASE
        WHEN staged.reason <> '' OR staged.related_record_id <> '' THEN staged.reason
        WHEN known.id IS NULL THEN 'api_unknown'
        WHEN owner.creator_id IS NULL THEN 'owner_unknown'
        WHEN staged.creator_external_id NOT IN ('', owner.creator_external_id) THEN 'owner_mismatch'
        ELSE ''
    END AS verdict
FROM billing_intake AS staged
LEFT JOIN known ON known.external_id = staged.api_external_id AND staged.related_record_id = ''
LEFT JOIN owner
    ON owner.api_id = known.id
    AND staged.occurred_at >= owner.owned_from
    AND staged.occurred_at < owner.owned_until
LEFT JOIN rate ON staged.occurred_at >= rate.effective_from AND staged.occurred_at < rate.effective_until
