-- A payout that Stripe has already sent: of all that can be claimed, if anything, whatever would block it. Without
-- earnings up to the cut-off, its period is that of the line that makes up for them.
INSERT INTO run_decision
SELECT
    %(creator)s,
    %(currency)s,
    coalesce(sum(gross), 0),
    coalesce(sum(platform_fee), 0),
    coalesce(sum(net), 0),
    coalesce(min(period_start) FILTER (WHERE period_end <= %(cutoff)s), %(cutoff)s::date - 1),
    coalesce(max(period_end) FILTER (WHERE period_end <= %(cutoff)s), %(cutoff)s::date),
    'paid',
    uuid7()
FROM run_claim
