"""Notes of staff on creators."""

from accounts.models import Creator
from database import acts
from database.staff import Act


def add_note(creator: Creator, *, act: Act) -> None:
    """Keep the act's reason as a note. It is an act like others: nobody changes or deletes it."""
    acts.record(act, acts.Kind.ADD_NOTE, subject=creator, creator=creator.pk)
