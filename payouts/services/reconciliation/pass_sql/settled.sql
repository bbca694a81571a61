-- What is still moving is not a difference yet. What a person has explained no longer is one, unless it changes.
SELECT found.*
FROM ({found}) AS found
WHERE (found.at IS NULL OR found.at < (SELECT settled FROM this_pass))
    AND NOT EXISTS (SELECT FROM events_under_way AS event WHERE event.id = found.subject)
    AND NOT EXISTS (
        SELECT
        FROM payout_attempts AS attempt
        WHERE attempt.payout_id = found.payout_id
            AND attempt.status = 'open'
            AND attempt.last_sent_at >= (SELECT settled FROM this_pass)
    )
    AND NOT EXISTS (
        SELECT
        FROM payout_events AS event
        WHERE event.payout_id = found.payout_id AND event.at >= (SELECT settled FROM this_pass)
    )
    AND NOT EXISTS (
        SELECT
        FROM differences AS explained
        WHERE (explained.kind, explained.subject, explained.amount, explained.currency)
                = (%(kind)s, found.subject, found.amount, found.currency)
            AND explained.resolved_at IS NOT NULL
            AND explained.resolved_by <> %(system)s
    )
ORDER BY found.subject
