-- Open differences of the kinds that a pass finds, that were read in this pass and no longer exist.
SELECT id, kind, subject
FROM differences AS open
WHERE resolved_at IS NULL
    AND kind = ANY(%(kinds)s)
    AND NOT EXISTS (
        SELECT
        FROM unnest(%(found_kinds)s::text[], %(found_subjects)s::text[]) AS found (kind, subject)
        WHERE (found.kind, found.subject) = (open.kind, open.subject)
    )
    AND (
        CASE kind
            -- The day must be one that this pass has listed whole.
            WHEN 'foreign_transfers'
                THEN split_part(subject, ' ', 1)::date::timestamp AT TIME ZONE 'UTC' >= (SELECT since FROM this_pass)
            ELSE subject !~ '^(tr|po)_'
        END
        OR subject IN (
            SELECT id FROM stripe_transfers
            UNION ALL
            SELECT id FROM stripe_bank_payouts
            UNION ALL
            SELECT id FROM stripe_absent
        )
    )
