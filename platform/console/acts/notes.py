"""Notes on creators and payouts."""

from datetime import datetime

from unfold.widgets import UnfoldAdminTextareaWidget

from accounts.models import Creator
from accounts.services import notes
from console.acting import ActForm, ConsoleAct, Done, Given, Preview, console_act
from database.forms import ReasonField
from database.staff import Act, Right
from payouts.models import Payout
from payouts.services.staff import notes as payout_notes


class NoteForm(ActForm):
    """The reason is the note."""

    reason = ReasonField(
        label="Note",
        max_length=2_000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 5}),
        help_text="Kept with your name; nobody can change or delete it. Creators never see it.",
        error_messages={"required": "Write something."},
    )


@console_act
class NoteOnCreator(ConsoleAct[Creator]):
    name = "note-on-creator"
    model = Creator
    right = Right.ADD_NOTE
    label = "Add note"
    verb = "Add note on"
    icon = "edit_note"
    form = NoteForm

    def preview(self, obj: Creator, given: Given) -> Preview:
        return Preview([f"add a note to the time line of {obj.external_id}"])

    def perform(self, obj: Creator, given: Given, *, act: Act, now: datetime) -> Done:
        notes.add_note(obj, act=act)
        return Done(f"The note on {obj.external_id} is kept.")


@console_act
class NoteOnPayout(ConsoleAct[Payout]):
    name = "note-on-payout"
    model = Payout
    right = Right.ADD_NOTE
    label = "Add note"
    verb = "Add note on"
    icon = "edit_note"
    form = NoteForm

    def preview(self, obj: Payout, given: Given) -> Preview:
        return Preview([f"add a note to the time lines of this payout and of {obj.creator.external_id}"])

    def perform(self, obj: Payout, given: Given, *, act: Act, now: datetime) -> Done:
        payout_notes.add_note(obj, act=act)
        return Done("The note is kept.")
