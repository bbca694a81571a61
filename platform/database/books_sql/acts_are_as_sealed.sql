-- Each day has the acts that were sealed, and no day between two seals lacks one.
SELECT format('the acts of %s are not as they were sealed', seal.day) AS finding
FROM act_seals AS seal
LEFT JOIN act_seals AS before ON before.day = seal.day - 1
WHERE seal.digest <> digest_of_acts(seal.day, coalesce(before.digest, ''))

UNION ALL

SELECT format('the acts of the day before %s are not sealed', seal.day)
FROM act_seals AS seal
WHERE
    seal.day > (SELECT min(first.day) FROM act_seals AS first)
    AND NOT EXISTS (SELECT FROM act_seals AS before WHERE before.day = seal.day - 1)

UNION ALL

SELECT format('act %s is from before the first seal', act.id)
FROM acts AS act
WHERE act.at < (SELECT min(seal.day) FROM act_seals AS seal)::timestamp AT TIME ZONE 'UTC'
