-- A batch that waits for longer than any posting is away is overlooked; one that is set aside waits for a person.
SELECT
    CASE
        WHEN set_aside_at IS NOT NULL THEN format(
            'batch %s, of %s records, is set aside: %s', id, accepted, split_part(set_aside_reason, E'\n', 1)
        )
        ELSE format('batch %s, of %s records, came at %s and is not posted', id, accepted, received_at)
    END AS finding
FROM billing_batches
WHERE posted_at IS NULL
    AND accepted > 0
    AND (set_aside_at IS NOT NULL OR received_at < now() - interval '3 hours')
