"""Everything that touches Stripe on the wire: the one client, its errors and pace, and the webhook inbox."""
