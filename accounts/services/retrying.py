"""Asking Stripe again for what it refused, so that staff see when they have mended it."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts import selectors
from accounts.errors import NothingToAskAgain, StripeUnavailable
from accounts.models import MENDED_BY_STAFF, OpeningRefusal
from accounts.services.onboarding import retry_onboarding
from database import acts
from database.acts import Kind
from database.refusals import Refusal
from database.staff import Act

# Few enough to finish even if Stripe never answers; the rest are asked for the next time.
AT_ONCE = 10


def retry_refused(*, now: datetime) -> None:
    """Retry the onboarding of those that were refused an hour ago or earlier, longest ago first.

    One retry tells whether the platform's set-up is mended: while it isn't, the others aren't asked for.
    """
    for refusal in selectors.refusals_to_retry(now=now)[:AT_ONCE]:
        try:
            retry_onboarding(refusal.payment_account, now=now)
        except (Refusal, StripeUnavailable):
            continue  # recorded, or unknown; either way the next turn asks again


def ask_again(refusal_id: UUID, *, act: Act, now: datetime) -> None:
    """Ask Stripe again at once for what it refused, as staff say that they have mended the cause.

    If Stripe doesn't answer, the refusal bars nobody either, so the next click of a creator asks.

    Raises: NothingToAskAgain; OpeningRefused if Stripe still refuses; StripeUnavailable.
    """
    with transaction.atomic():
        standing = OpeningRefusal.objects.select_for_update(of=["self"]).select_related(
            "payment_account__creator"
        )
        refusal = standing.filter(
            pk=refusal_id, mended_at=None, cause__in=MENDED_BY_STAFF, payment_account__replaced_at=None
        ).first()
        if refusal is None:
            raise NothingToAskAgain
        refusal.asked_again_at = now
        refusal.save(update_fields=["asked_again_at"])
        acts.record(act, Kind.ASK_AGAIN, subject=refusal, creator=refusal.payment_account.creator_id)
    retry_onboarding(refusal.payment_account, now=now)
