-- A batch that is still unposted after three hours was overlooked. One that is set aside waits for staff.
SELECT
    CASE
        WHEN set_aside_at IS NOT NULL THEN format(
            'batch %s (%s records) is set aside: %s', id, accepted, split_part(set_aside_reason, E'\n', 1)
        )
        ELSE format('batch %s (%s records), received at %s, is not posted', id, accepted, received_at)
    END AS finding
FROM billing_batches
WHERE posted_at IS NULL
    AND accepted > 0
    AND (set_aside_at IS NOT NULL OR received_at < now() - interval '3 hours')
