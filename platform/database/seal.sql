INSERT INTO act_seals (day, acts, digest)
SELECT
    %(day)s::date,
    (
        SELECT count(*) FROM acts
        WHERE at >= %(day)s::timestamp AT TIME ZONE 'UTC' AND at < (%(day)s::date + 1)::timestamp AT TIME ZONE 'UTC'
    ),
    digest_of_acts(
        %(day)s::date,
        coalesce((SELECT before.digest FROM act_seals AS before WHERE before.day = %(day)s::date - 1), '')
    )
RETURNING acts, digest
