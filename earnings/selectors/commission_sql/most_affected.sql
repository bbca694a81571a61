SELECT
    creator.external_id AS creator_id,
    api.external_id AS api_id,
    changed.currency,
    changed.gross,
    changed.bps_before,
    changed.bps_after,
    changed.fee_before,
    changed.fee_after
FROM ({changes}) AS changed
JOIN creators AS creator ON creator.id = changed.creator_id
JOIN apis AS api ON api.id = changed.api_id
ORDER BY abs(fee_after - fee_before) DESC, creator_id, api_id, currency
LIMIT %(most)s
