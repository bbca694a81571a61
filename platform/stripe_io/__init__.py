"""Everything that talks to Stripe: the client, its errors and rate limit, and the webhook inbox."""
