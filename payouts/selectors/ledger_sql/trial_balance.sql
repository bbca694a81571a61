-- All ledger accounts by kind and currency, debit and credit balances apart. The platform's accounts keep no balance:
-- theirs is the one at the last checkpoint of the books, and the entries since.
WITH checkpoint AS (
    SELECT id, last_entry FROM books_checkpoints ORDER BY id DESC LIMIT 1
),
held AS (
    SELECT
        account.id,
        account.kind,
        account.currency,
        account.balance IS NULL AS is_platforms,
        coalesce(
            account.balance,
            coalesce((
                SELECT known.amount
                FROM books_checkpoint_balances AS known
                WHERE known.checkpoint_id = (SELECT id FROM checkpoint) AND known.account_id = account.id
            ), 0) + coalesce((
                SELECT sum(entry.amount)
                FROM ledger_entries AS entry
                WHERE entry.account_id = account.id AND entry.id > coalesce((SELECT last_entry FROM checkpoint), 0)
            ), 0)
        ) AS balance
    FROM ledger_accounts AS account
)
SELECT
    kind,
    currency,
    coalesce(-sum(balance) FILTER (WHERE balance < 0), 0)::bigint AS debit,
    coalesce(sum(balance) FILTER (WHERE balance > 0), 0)::bigint AS credit,
    count(*) FILTER (WHERE balance <> 0) AS accounts,
    min(id) FILTER (WHERE is_platforms) AS account_id
FROM held
GROUP BY kind, currency
ORDER BY currency, kind
