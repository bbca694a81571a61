-- A total was last updated no earlier than the rows in it, and no later than the latest closed row: that one may have
-- been paid and come back.
SELECT format(
    'creator %s, API %s: paid in all %s, in paid payouts %s %s, last updated %s',
    creator_id, api_id, total, paid, currency, updated
) AS finding
FROM (
    SELECT
        creator_id,
        api_id,
        currency,
        sum(total) AS total,
        sum(paid) AS paid,
        sum(gross) AS gross,
        max(updated) AS updated,
        max(no_earlier) AS no_earlier,
        max(no_later) AS no_later
    FROM (
        SELECT
            creator_id, api_id, currency, net AS total, 0 AS paid, gross,
            last_updated AS updated, NULL::timestamptz AS no_earlier, NULL::timestamptz AS no_later
        FROM paid_totals
        WHERE creator_id IN ({creators_paid})
        UNION ALL
        SELECT
            earning.creator_id, earning.api_id, earning.currency, 0, earning.net, -earning.gross,
            NULL, earning.updated_at, NULL
        FROM creator_earnings AS earning
        JOIN payouts AS payout ON payout.id = earning.payout_id
        WHERE payout.status = 'paid' AND earning.creator_id IN ({creators_paid})
        UNION ALL
        SELECT creator_id, api_id, currency, 0, 0, 0, NULL, NULL, updated_at
        FROM creator_earnings
        WHERE closed_at IS NOT NULL AND creator_id IN ({creators_paid})
    ) AS both_sides
    GROUP BY creator_id, api_id, currency
) AS compared
WHERE total <> paid OR gross <> 0 OR updated < no_earlier OR updated > no_later
