-- Earnings count towards this write-off from its own booking on. What was undone of earlier write-offs before stays
-- undone, unless it is taken back.
WITH begun AS (
    UPDATE adjustments AS written
    SET counted_from_id = booking.id
    FROM ledger_transactions AS booking
    WHERE written.id = %(write_off)s AND booking.source_key = 'adjustment:' || written.id
    RETURNING written.id, written.creator_id, written.currency
)
INSERT INTO earned_since_write_offs (write_off_id, period_end, undone_before, earned)
SELECT begun.id, earning.period_end, -sum(undoing.amount), 0
FROM begun
JOIN adjustments AS undoing USING (creator_id, currency)
JOIN creator_earnings AS earning ON earning.id = undoing.earning_id
WHERE undoing.write_off_id IS NOT NULL
GROUP BY begun.id, earning.period_end
HAVING sum(undoing.amount) <> 0
