-- Take the event that has been due longest, or the given one if it is due. Skip events that another worker is taking.
WITH due AS (
    SELECT event_id, next_try_at AS since
    FROM stripe_inbox
    WHERE handled_at IS NULL
        AND next_try_at <= %(now)s
        AND (%(event_id)s::text IS NULL OR event_id = %(event_id)s)
    ORDER BY next_try_at
    LIMIT 1
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE stripe_inbox AS inbox
SET tries = inbox.tries + 1, next_try_at = %(now)s + %(lease)s
FROM due JOIN djstripe_event AS event ON event.id = due.event_id
WHERE inbox.event_id = due.event_id
RETURNING
    inbox.event_id, inbox.type, inbox.account, inbox.tries, event.created, due.since, event.data -> 'object' AS object
