SELECT run_id FROM payouts WHERE id >= {made_since}
UNION
SELECT payout.run_id
FROM payout_events AS event
JOIN payouts AS payout ON payout.id = event.payout_id
WHERE event.id > {last_event}
