-- A creator's net by API and month, in each currency: of the APIs that earned most, and of all others together.
-- What they earned before the month `first` has no month.
WITH part AS (
    SELECT
        currency,
        api_id,
        CASE WHEN period_start >= %(first)s THEN date_trunc('month', period_start)::date END AS month,
        sum(net) AS net
    FROM creator_earnings
    WHERE creator_id = %(creator)s
    GROUP BY currency, api_id, month
),
placed AS (
    SELECT currency, api_id, row_number() OVER (PARTITION BY currency ORDER BY sum(net) DESC, api_id) AS place
    FROM part
    WHERE api_id IS NOT NULL
    GROUP BY currency, api_id
)
SELECT
    part.currency,
    CASE WHEN part.api_id IS NULL THEN 'adjustments' ELSE 'others' END AS others,
    api.id AS api,
    coalesce(nullif(api.name, ''), api.external_id) AS title,
    part.month,
    sum(part.net)::bigint AS net
FROM part
LEFT JOIN placed ON placed.currency = part.currency AND placed.api_id = part.api_id
LEFT JOIN apis AS api ON api.id = part.api_id AND placed.place <= %(named)s
GROUP BY part.currency, others, api.id, part.month
ORDER BY part.currency, min(placed.place) FILTER (WHERE api.id IS NOT NULL), others DESC, part.month
