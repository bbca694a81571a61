-- Creators with a payout that became paid, or stopped being paid.
SELECT payout.creator_id
FROM payout_events AS event
JOIN payouts AS payout ON payout.id = event.payout_id
WHERE event.id > {last_event} AND 'paid' IN (event.from_status, event.to_status)
