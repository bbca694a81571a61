-- Earnings are added to the latest write-off of a creator only; earlier ones keep their counts.
INSERT INTO earned_since_write_offs AS since (write_off_id, period_end, undone_before, earned)
SELECT latest.id, earned.period_end, 0, sum(earned.amount)
FROM ({earned}) AS earned
JOIN (
    SELECT DISTINCT ON (creator_id, currency) id, creator_id, currency
    FROM adjustments
    WHERE kind = 'write_off' AND status = 'approved' AND creator_id = ANY(%(creators)s::uuid[])
    ORDER BY creator_id, currency, counted_from_id DESC, decided_at DESC, id DESC
) AS latest USING (creator_id, currency)
WHERE earned.creator_id = ANY(%(creators)s::uuid[])
GROUP BY latest.id, earned.period_end
HAVING sum(earned.amount) <> 0
ON CONFLICT (write_off_id, period_end) DO UPDATE SET earned = since.earned + excluded.earned
