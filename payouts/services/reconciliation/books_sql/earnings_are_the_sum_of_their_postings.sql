SELECT format(
    'earning %s is %s, its postings %s', earning.id, earning.gross, coalesce(sum(posting.gross), 0)
) AS finding
FROM creator_earnings AS earning
LEFT JOIN earning_postings AS posting ON posting.earning_id = earning.id
WHERE earning.api_id IS NOT NULL AND earning.id IN ({earnings})
GROUP BY earning.id
HAVING (earning.gross, earning.refunds, earning.transactions, earning.api_calls) IS DISTINCT FROM (
    coalesce(sum(posting.gross), 0),
    coalesce(sum(posting.refunds), 0),
    coalesce(sum(posting.transactions), 0),
    coalesce(sum(posting.api_calls), 0)
)
