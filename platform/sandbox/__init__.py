"""A local Stripe for demos and tests: stateful, over real HTTP, with faults on demand.

It keeps accounts, transfers, bank payouts, balances, events and idempotency keys as Stripe does, and delivers
signed webhooks. `sandbox.server.SandboxServer` runs it inside a test, `manage.py sandbox` beside the service;
both need no more than a folder. What banks, time and chance would do is asked for at `/_sandbox/…` (docs/sandbox.md
has it all); what an account's holder does happens on the pages that account links and login links lead to, or is
asked for there too.
"""
