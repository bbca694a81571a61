SELECT format('the report of %s was changed after it was made', month) AS finding
FROM monthly_reports
WHERE md5(figures::text) <> digest
