SELECT DISTINCT period_start AS month FROM posting_row ORDER BY month
