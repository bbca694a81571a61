INSERT INTO earning_postings (batch_id, earning_id, gross, refunds, transactions, api_calls)
SELECT batch_id, earning_id, delta.gross, refunds, transactions, api_calls
FROM posting_delta AS delta
JOIN posting_row USING (creator_id, api_id, currency, period_start, commission_bps)
ORDER BY batch_id
