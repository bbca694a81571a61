-- Who owned an API at a moment, and the commission rate then; no rows if it has no owner. As in intake, the first owner
-- and the first default also count before their start.
SELECT
    owner.creator_id,
    coalesce(
        (
            SELECT bps FROM commission_rates
            WHERE api_id = %(api)s AND effective_from <= %(at)s
            ORDER BY effective_from DESC, id DESC
            LIMIT 1
        ),
        (
            SELECT bps FROM commission_rates AS rate
            WHERE rate.creator_id = owner.creator_id AND effective_from <= %(at)s
            ORDER BY effective_from DESC, id DESC
            LIMIT 1
        ),
        (
            SELECT bps FROM commission_rates
            WHERE api_id IS NULL AND creator_id IS NULL
            ORDER BY
                effective_from <= %(at)s DESC,
                CASE WHEN effective_from <= %(at)s THEN effective_from END DESC NULLS LAST,
                effective_from,
                id DESC
            LIMIT 1
        )
    ) AS bps
FROM (
    SELECT creator_id FROM api_ownerships
    WHERE api_id = %(api)s
    ORDER BY owned_from <= %(at)s DESC, CASE WHEN owned_from <= %(at)s THEN owned_from END DESC NULLS LAST, owned_from
    LIMIT 1
) AS owner
