INSERT INTO payout_run_decisions (run_id, creator_id, currency, reason, amount, detail, decided_at)
SELECT %(run)s, %(creator)s, currency, 'error', 0, %(detail)s, %(now)s
FROM creator_earnings
WHERE creator_id = %(creator)s
    AND payout_id IS NULL
    AND period_end <= %(cutoff)s
GROUP BY currency
ON CONFLICT (run_id, creator_id, currency) DO UPDATE
SET reason = excluded.reason, detail = excluded.detail, decided_at = excluded.decided_at
WHERE payout_run_decisions.payout_id IS NULL
