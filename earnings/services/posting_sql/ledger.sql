-- One transaction per creator: what customers paid, less refunds, is split into the platform's fee and the creator's
-- payable.
SELECT
    'posting:' || %(posting)s || ':' || earned.creator_id AS source_key,
    'earnings_posted' AS kind,
    line.creator_id,
    line.account,
    earned.currency,
    line.amount
FROM (
    SELECT creator_id, currency, sum(gross)::bigint AS gross, sum(platform_fee)::bigint AS platform_fee
    FROM posting_row
    GROUP BY creator_id, currency
) AS earned
CROSS JOIN LATERAL (
    VALUES
        (NULL::uuid, 'receipts', -earned.gross),
        (NULL::uuid, 'platform_fees', earned.platform_fee),
        (earned.creator_id, 'creator_payable', earned.gross - earned.platform_fee)
) AS line (creator_id, account, amount)
