SELECT
    each.creator_id,
    creator.external_id,
    each.since,
    each.currency,
    each.owed,
    each.in_payouts
FROM ({blocked}) AS each
JOIN creators AS creator ON creator.id = each.creator_id
WHERE each.cause = %(cause)s
ORDER BY each.owed + each.in_payouts DESC, creator.external_id, each.currency
LIMIT %(limit)s
OFFSET %(offset)s
