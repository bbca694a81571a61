-- What is still moving is no difference yet, and what a person has explained is none any more, unless it changes.
SELECT found.*
FROM (/* found */) AS found
WHERE (found.at IS NULL OR found.at < (SELECT settled FROM this_pass))
    AND found.subject NOT IN (SELECT id FROM events_under_way)
    AND (found.payout_id IS NULL OR found.payout_id NOT IN (
        SELECT payout_id FROM payout_attempts WHERE status = 'open' AND last_sent_at >= (SELECT settled FROM this_pass)
        UNION ALL
        SELECT payout_id FROM payout_events WHERE at >= (SELECT settled FROM this_pass)
    ))
    AND NOT EXISTS (
        SELECT
        FROM differences AS explained
        WHERE (explained.kind, explained.subject, explained.amount, explained.currency)
                = (%(kind)s, found.subject, found.amount, found.currency)
            AND explained.resolved_at IS NOT NULL
            AND explained.resolved_by <> %(system)s
    )
ORDER BY found.subject
