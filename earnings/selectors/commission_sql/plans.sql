-- Each rate with its end: the start of the next one of its kind. A rate without bps ends the one before.
SELECT creator_id, api_id, bps, effective_from, effective_until, actor, reason
FROM (
    SELECT
        creator.external_id AS creator_id,
        api.external_id AS api_id,
        rate.bps,
        rate.effective_from,
        lead(rate.effective_from) OVER (
            PARTITION BY rate.creator_id, rate.api_id ORDER BY rate.effective_from
        ) AS effective_until,
        rate.actor,
        rate.reason
    FROM (
        SELECT DISTINCT ON (creator_id, api_id, effective_from) *
        FROM commission_rates
        ORDER BY creator_id, api_id, effective_from, id DESC
    ) AS rate
    LEFT JOIN creators AS creator ON creator.id = rate.creator_id
    LEFT JOIN apis AS api ON api.id = rate.api_id
) AS plan
WHERE bps IS NOT NULL AND (effective_until IS NULL OR effective_until > %(now)s)
ORDER BY api_id NULLS FIRST, creator_id NULLS FIRST, effective_from
