"""Reads about passes of reconciliation."""

from payouts.models import ReconciliationPass


def last_pass() -> ReconciliationPass | None:
    return ReconciliationPass.objects.order_by("-started_at").first()


def last_finished_pass() -> ReconciliationPass | None:
    return ReconciliationPass.objects.exclude(finished_at=None).order_by("-started_at").first()
