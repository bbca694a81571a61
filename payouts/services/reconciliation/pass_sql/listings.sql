INSERT INTO account_listings (account, listed_at)
SELECT account, %(now)s FROM stripe_accounts
ON CONFLICT (account) DO UPDATE SET listed_at = excluded.listed_at
