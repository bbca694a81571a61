"""Notes of staff on payouts."""

from database import acts
from database.staff import Act
from payouts.models import Payout


def add_note(payout: Payout, *, act: Act) -> None:
    """Keep the act's reason as a note, on the page of the payout and on its creator's."""
    acts.record(act, acts.Kind.ADD_NOTE, subject=payout, creator=payout.creator_id, payout=payout.pk)
