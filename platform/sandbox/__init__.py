"""A local Stripe for demos and tests: stateful, over real HTTP, with faults on demand.

It keeps accounts, transfers, bank payouts, balances, events and idempotency keys as Stripe does, and delivers
signed webhooks. `sandbox.server.SandboxServer` runs it inside a test, `manage.py sandbox` beside the service;
both need only a folder. The control endpoints at `/_sandbox/…` (see docs/sandbox.md) do what banks, time and chance
would do. An account's holder acts on the pages that account links and login links open, or through the control
endpoints too.
"""
