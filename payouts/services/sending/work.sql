-- How many payouts are due, and how many workers are busy with one.
SELECT
    (SELECT count(*) FROM ({due} LIMIT %(at_most)s) AS due) AS due,
    (SELECT count(*) FROM payouts WHERE taken_at >= %(lost_before)s) AS taken
