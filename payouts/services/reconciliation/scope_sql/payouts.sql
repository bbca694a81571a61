SELECT id FROM payouts WHERE id >= {made_since}
UNION
SELECT payout_id FROM payout_events WHERE id > {last_event}
