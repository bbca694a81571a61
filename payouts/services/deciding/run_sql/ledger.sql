SELECT
    'payout:' || decision.payout_id || ':reserved' AS source_key,
    'payout_reserved' AS kind,
    decision.creator_id,
    line.account,
    decision.currency,
    line.amount
FROM run_decision AS decision
CROSS JOIN LATERAL (
    VALUES ('creator_payable', -decision.net), ('payouts_reserved', decision.net)
) AS line (account, amount)
WHERE decision.payout_id IS NOT NULL
UNION ALL
SELECT * FROM ({carried_over}) AS carried_over
