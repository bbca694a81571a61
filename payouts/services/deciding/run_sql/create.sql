CREATE TEMPORARY TABLE IF NOT EXISTS run_claim (
    earning_id uuid NOT NULL,
    creator_id uuid NOT NULL,
    api_id uuid,
    description text NOT NULL,
    currency text NOT NULL,
    period_start date NOT NULL,
    period_end date NOT NULL,
    commission_bps integer NOT NULL,
    gross bigint NOT NULL,
    platform_fee bigint NOT NULL,
    net bigint NOT NULL,
    api_calls bigint NOT NULL
) ON COMMIT DELETE ROWS;

CREATE TEMPORARY TABLE IF NOT EXISTS run_decision (
    creator_id uuid NOT NULL,
    currency text NOT NULL,
    gross bigint NOT NULL,
    platform_fee bigint NOT NULL,
    net bigint NOT NULL,
    period_start date NOT NULL,
    period_end date NOT NULL,
    reason text NOT NULL,
    -- Set if a payout is made.
    payout_id uuid
) ON COMMIT DELETE ROWS;

-- A commit empties them; a second use in one transaction doesn't.
DELETE FROM run_claim;
DELETE FROM run_decision;
