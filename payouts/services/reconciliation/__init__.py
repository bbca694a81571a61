"""Reconciliation: compare payouts and ledger with Stripe to the cent, and fix what can be fixed."""

from payouts.services.reconciliation.passes import PassResult, reconcile

__all__ = ["PassResult", "reconcile"]
