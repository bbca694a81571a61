"""Reconciliation: our payouts, our ledger and what Stripe has, compared to the cent, and mended where that can be."""

from payouts.services.reconciliation.passes import PassResult, reconcile

__all__ = ["PassResult", "reconcile"]
