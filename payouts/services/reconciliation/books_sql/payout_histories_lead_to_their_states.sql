-- A payout's events form one chain, from its creation to its current status.
SELECT format('payout %s is %s, its history %s', payout.id, payout.status, history.steps) AS finding
FROM payouts AS payout
LEFT JOIN (
    SELECT
        payout_id,
        string_agg(from_status || '>' || to_status, ' ' ORDER BY id) AS steps,
        bool_and(from_status = came_from) AS is_chain,
        (array_agg(to_status ORDER BY id DESC))[1] AS ends_in
    FROM (
        SELECT
            id, payout_id, from_status, to_status,
            lag(to_status, 1, '') OVER (PARTITION BY payout_id ORDER BY id) AS came_from
        FROM payout_events
        WHERE payout_id IN ({payouts})
    ) AS event
    GROUP BY payout_id
) AS history ON history.payout_id = payout.id
WHERE payout.id IN ({payouts})
    AND (history.is_chain IS NOT TRUE OR history.ends_in IS DISTINCT FROM payout.status)
