-- How much waits for staff, counted up to %(most)s each, so that a flood costs no more than a trickle.
SELECT
    (SELECT count(*) FROM (SELECT 1 FROM adjustments WHERE status = 'proposed' LIMIT %(most)s) AS adjustment)
    + (SELECT count(*) FROM (SELECT 1 FROM suspense_placements WHERE status = 'proposed' LIMIT %(most)s) AS placement)
        AS proposals,
    (SELECT count(*) FROM (SELECT 1 FROM differences WHERE resolved_at IS NULL LIMIT %(most)s) AS difference)
        AS differences,
    (SELECT count(*) FROM (SELECT 1 FROM quarantined_records WHERE resolved_at IS NULL LIMIT %(most)s) AS record)
        AS quarantined
