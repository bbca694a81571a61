"""Acts on billing records in quarantine, and on batches that can't be posted."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import ClassVar

from django import forms
from unfold.widgets import UnfoldAdminTextInputWidget

from console.acting import ActForm, ConsoleAct, Done, Given, Preview, console_act
from console.acts.consequences import of_change
from database import sql
from database.display import count_of
from database.staff import Act, Right
from earnings.errors import BatchesStillUnpostable, RecordsStillUnusable
from earnings.models import BillingBatch, QuarantinedRecord, Reason
from earnings.selectors import UnlinkedEntry, unlinked_entry
from earnings.services import batches, quarantine, unlinked


class _OnQuarantined(ConsoleAct[QuarantinedRecord]):
    model = QuarantinedRecord

    def obstacle(self, obj: QuarantinedRecord) -> str:
        return f"It is no longer in quarantine: {obj.get_resolution_display()}." if obj.resolved_at else ""

    def title(self, objects: Sequence[QuarantinedRecord]) -> str:
        return f"{self.label}: {objects[0].record_id}" if len(objects) == 1 else super().title(objects)

    def button(self, objects: Sequence[QuarantinedRecord], previews: Sequence[Preview]) -> str:
        if len(objects) == 1:
            return f"{self.verb} {objects[0].record_id or 'the record'}"
        return super().button(objects, previews)


@console_act
class RetryQuarantined(_OnQuarantined):
    name = "retry-quarantined"
    right = Right.RETRY_QUARANTINE
    label = "Try again"
    verb = "Try"
    icon = "replay"
    in_lists = True

    def preview(self, obj: QuarantinedRecord, given: Given) -> Preview:
        return Preview(
            [
                "take the record in, if it can be used now, and add it to its creator's earnings",
                f"otherwise leave it in quarantine ({obj.get_reason_display()} so far)",
            ]
        )

    def perform(self, obj: QuarantinedRecord, given: Given, *, act: Act, now: datetime) -> Done:
        if quarantine.try_again(obj.pk, act=act, now=now):
            return Done(f"{obj.record_id} has entered.")
        obj.refresh_from_db()
        raise RecordsStillUnusable({obj.pk: obj.get_reason_display()})


class AcceptUnlinkedForm(ActForm):
    api = forms.CharField(
        label="API",
        required=False,
        max_length=255,
        widget=UnfoldAdminTextInputWidget,
        help_text="Its id. Only needed if the record doesn't name its API.",
    )


@console_act
class AcceptUnlinked(_OnQuarantined):
    name = "accept-unlinked"
    right = Right.ACCEPT_UNLINKED
    label = "Accept unlinked"
    verb = "Accept"
    icon = "link_off"
    is_dangerous = True
    form: ClassVar[type[ActForm]] = AcceptUnlinkedForm

    def obstacle(self, obj: QuarantinedRecord) -> str:
        if gone := super().obstacle(obj):
            return gone
        if obj.reason != Reason.CHARGE_UNKNOWN:
            return f"Only a record whose charge never came can be accepted: {obj.get_reason_display()}."
        return ""

    def preview(self, obj: QuarantinedRecord, given: Given) -> Preview:
        entry = unlinked_entry(obj.pk, api=given["api"] or None, now=sql.now())
        return Preview([*_effects(entry), *of_change(entry.creator, entry.net)])

    def perform(self, obj: QuarantinedRecord, given: Given, *, act: Act, now: datetime) -> Done:
        accepted = unlinked.accept_unlinked(obj.pk, api=given["api"] or None, act=act, now=now)
        record = accepted.record
        return Done(f"{record.record_id} is in {record.creator.external_id}'s earnings.", record)


def _effects(entry: UnlinkedEntry) -> Iterator[str]:
    record, name = entry.record, entry.creator.external_id
    whose = (
        f"{name}, who owned {record.api.external_id} then, at {record.commission_bps / 100:g} % commission"
    )
    yield (
        f"add the {record.get_kind_display().lower()} of {record.occurred_at:%-d %b %Y} to the earnings of {whose}: "
        f"{entry.gross} gross, {entry.net} net"
    )
    yield (
        f"count it towards what was taken back of {record.related_record_id}, if that charge comes after all, so that "
        "nothing is taken back twice"
    )
    if entry.charge_waits_as:
        yield (
            f"ignore that its charge waits in quarantine too ({entry.charge_waits_as.label}): mending that would let "
            "both enter"
        )


class _OnBatch(ConsoleAct[BillingBatch]):
    model = BillingBatch

    def obstacle(self, obj: BillingBatch) -> str:
        return "" if obj.set_aside_at else "It is not set aside."


@console_act
class RetryBatch(_OnBatch):
    name = "retry-batch"
    right = Right.RETRY_BATCH
    label = "Try again"
    verb = "Post"
    icon = "replay"
    in_lists = True

    def preview(self, obj: BillingBatch, given: Given) -> Preview:
        return Preview(
            [
                f"post the batch's {count_of(obj.accepted, 'record')}, if that is possible now",
                f"otherwise set it aside again; so far: {obj.set_aside_reason.splitlines()[0]}",
            ]
        )

    def perform(self, obj: BillingBatch, given: Given, *, act: Act, now: datetime) -> Done:
        (after,) = batches.retry_batches([obj.pk], act=act, now=now)
        if after.set_aside_at:
            raise BatchesStillUnpostable({after.pk: after.set_aside_reason.splitlines()[0]})
        return Done(f"Batch #{obj.pk} is posted.")


@console_act
class QuarantineBatch(_OnBatch):
    name = "quarantine-batch"
    right = Right.QUARANTINE_BATCH
    label = "Quarantine records"
    verb = "Quarantine"
    icon = "report"
    is_dangerous = True

    def preview(self, obj: BillingBatch, given: Given) -> Preview:
        return Preview(
            [
                "post the batch, if that is possible now, and stop there",
                f"otherwise move its {count_of(obj.accepted, 'record')} to quarantine, out of the earnings",
                "give back what they took of their charges",
                "wait for corrected copies under the same ids from the billing system",
            ]
        )

    def perform(self, obj: BillingBatch, given: Given, *, act: Act, now: datetime) -> Done:
        moved = batches.quarantine_batch(obj.pk, act=act, now=now)
        if not moved:
            return Done(f"Batch #{obj.pk} could be posted, so nothing was quarantined.")
        return Done(f"{count_of(moved, 'record')} moved to quarantine.")
