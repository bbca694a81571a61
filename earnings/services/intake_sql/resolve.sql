-- Find API, owner and rate of each staged record, or the first reason to refuse it (`verdict`). Records that name
-- a charge get all three from the charge later.
WITH owned AS MATERIALIZED (
    SELECT
        api.id AS api_id,
        api.external_id,
        owner.id AS creator_id,
        owner.external_id AS creator_external_id,
        CASE WHEN row_number() OVER in_order = 1 THEN '-infinity' ELSE owned_from END AS owned_from,
        lead(owned_from, 1, 'infinity') OVER in_order AS owned_until
    FROM apis AS api
    LEFT JOIN api_ownerships AS ownership ON ownership.api_id = api.id
    LEFT JOIN creators AS owner ON owner.id = ownership.creator_id
    WHERE api.external_id IN (SELECT api_external_id FROM billing_intake)
    WINDOW in_order AS (PARTITION BY api.id ORDER BY owned_from)
),
rate AS MATERIALIZED (
    SELECT
        creator_id,
        api_id,
        bps,
        CASE
            WHEN creator_id IS NULL AND api_id IS NULL AND row_number() OVER in_order = 1 THEN '-infinity'
            ELSE effective_from
        END AS effective_from,
        lead(effective_from, 1, 'infinity') OVER in_order AS effective_until
    FROM (
        SELECT DISTINCT ON (creator_id, api_id, effective_from) creator_id, api_id, bps, effective_from
        FROM commission_rates
        ORDER BY creator_id, api_id, effective_from, id DESC
    ) AS last_made
    WINDOW in_order AS (PARTITION BY creator_id, api_id ORDER BY effective_from)
),
by_default AS MATERIALIZED (
    SELECT * FROM rate WHERE creator_id IS NULL AND api_id IS NULL
)
SELECT
    staged.line,
    staged.record_id,
    staged.kind,
    staged.api_external_id,
    staged.creator_external_id,
    staged.subscription_id,
    staged.customer_id,
    staged.amount,
    staged.currency,
    staged.occurred_at,
    coalesce(staged.api_calls, 0) AS api_calls,
    staged.related_record_id,
    staged.content,
    owned.api_id,
    owned.creator_id,
    coalesce(of_api.bps, of_creator.bps, by_default.bps) AS commission_bps,
    CASE
        WHEN staged.reason <> '' OR staged.related_record_id <> '' THEN staged.reason
        WHEN owned.api_id IS NULL THEN 'api_unknown'
        WHEN owned.creator_id IS NULL THEN 'owner_unknown'
        WHEN staged.creator_external_id NOT IN ('', owned.creator_external_id) THEN 'owner_mismatch'
        ELSE ''
    END AS verdict
FROM billing_intake AS staged
LEFT JOIN owned
    ON owned.external_id = staged.api_external_id
    AND staged.occurred_at >= owned.owned_from
    AND staged.occurred_at < owned.owned_until
LEFT JOIN rate AS of_api
    ON of_api.api_id = owned.api_id
    AND staged.occurred_at >= of_api.effective_from
    AND staged.occurred_at < of_api.effective_until
LEFT JOIN rate AS of_creator
    ON of_creator.creator_id = owned.creator_id
    AND staged.occurred_at >= of_creator.effective_from
    AND staged.occurred_at < of_creator.effective_until
LEFT JOIN by_default
    ON staged.occurred_at >= by_default.effective_from
    AND staged.occurred_at < by_default.effective_until
