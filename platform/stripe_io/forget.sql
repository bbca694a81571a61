-- Delete some of the events handled before a time, oldest first. What was replayed, or came in another form, stays.
WITH old AS (
    SELECT event_id
    FROM stripe_inbox AS inbox
    WHERE outcome = 'handled'
        AND handled_at < %(before)s
        AND NOT EXISTS (SELECT FROM stripe_replays AS replay WHERE replay.event_id = inbox.event_id)
        AND NOT EXISTS (SELECT FROM stripe_kept_bodies AS body WHERE body.event_id = inbox.event_id)
    ORDER BY handled_at
    LIMIT %(at_most)s
    FOR UPDATE SKIP LOCKED
),
forgotten AS (
    DELETE FROM stripe_inbox USING old WHERE stripe_inbox.event_id = old.event_id RETURNING stripe_inbox.event_id
)
DELETE FROM djstripe_event USING forgotten WHERE djstripe_event.id = forgotten.event_id
