"""Acts on sending as a whole: pause, resume, release a run that is far larger than usual, recover after a restore."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from accounts.errors import StripeUnavailable
from console.acting import ActForm, ConsoleAct, Done, Given, Preview, console_act, total_of
from database.display import count_of
from database.staff import Act, Right, person_behind
from money import Money
from payouts import selectors
from payouts.errors import StripeNotRead
from payouts.models import IgnoredInstallation, PauseCause, PayoutRun, SendingPause
from payouts.selectors import staff_acts
from payouts.services import recovery
from payouts.services.deciding import gate, pauses, run_size
from stripe_io.errors import StripeCallFailed


def _waiting() -> str:
    """Say what isn't sent yet."""
    waiting = staff_acts.waiting_to_be_sent()
    if not waiting:
        return "Nothing waits to be sent now."
    count, net = sum(each.payouts for each in waiting), total_of(each.net for each in waiting)
    return f"Now {count_of(count, 'payout')} {'waits' if count == 1 else 'wait'} to be sent, {net}."


def _not_behind(pause: SendingPause) -> str:
    """Say why there is nothing to recover from."""
    if pause.lifted_at or pause.cause != PauseCause.BEHIND_STRIPE:
        return "The database isn't behind Stripe."
    return ""


@console_act
class PauseSending(ConsoleAct[None]):
    name = "pause-sending"
    model = None
    above = SendingPause
    right = Right.PAUSE_SENDING
    label = "Pause sending"
    verb = "Pause"
    icon = "pause_circle"
    is_dangerous = True

    def obstacle(self, obj: None) -> str:
        paused = next((each for each in selectors.open_pauses() if each.cause == PauseCause.STAFF), None)
        return f"{person_behind(paused.started_by)} has paused it: {paused.detail}" if paused else ""

    def preview(self, obj: None, given: Given) -> Preview:
        return Preview(
            [
                "send nothing to creators or their banks until someone resumes it",
                "let requests that Stripe is already answering end",
                "go on making runs, and taking in sales and Stripe's events",
            ],
            as_of_now=_waiting(),
        )

    def perform(self, obj: None, given: Given, *, act: Act, now: datetime) -> Done:
        return Done("Sending is paused.", pauses.pause_sending(act=act, now=now))


@console_act
class ResumeSending(ConsoleAct[SendingPause]):
    name = "resume-sending"
    model = SendingPause
    right = Right.RESUME_SENDING
    label = "Resume sending"
    verb = "Resume"
    icon = "play_circle"

    def obstacle(self, obj: SendingPause) -> str:
        if obj.lifted_at:
            return f"{person_behind(obj.lifted_by)} has lifted it."
        if obj.cause == PauseCause.BEHIND_STRIPE:
            return "Only recovery lifts this pause."
        if obj.cause not in pauses.OF_ALL_SENDING:
            return f"It ends by itself, or when the run is released: {obj.detail}"
        return ""

    def preview(self, obj: SendingPause, given: Given) -> Preview:
        effects = [
            f"lift the pause by {person_behind(each.started_by)}: {each.detail}" for each in self._lifted()
        ]
        effects += [
            f"leave this pause: {each.detail}"
            for each in selectors.open_pauses()
            if each.cause not in pauses.OF_ALL_SENDING
        ]
        return Preview(effects, as_of_now=_waiting())

    def perform(self, obj: SendingPause, given: Given, *, act: Act, now: datetime) -> Done:
        pauses.resume_sending(act=act, now=now)
        return Done("Sending goes on.")

    @staticmethod
    def _lifted() -> list[SendingPause]:
        return [each for each in selectors.open_pauses() if each.cause in pauses.OF_ALL_SENDING]


@console_act
class ReleaseRun(ConsoleAct[PayoutRun]):
    name = "release-run"
    model = PayoutRun
    right = Right.RESUME_SENDING
    label = "Release run"
    verb = "Release"
    icon = "play_circle"

    def obstacle(self, obj: PayoutRun) -> str:
        return "" if self._held(obj) else "Nothing of this run waits because of its size."

    def preview(self, obj: PayoutRun, given: Given) -> Preview:
        held = self._held(obj)
        return Preview([f"send it although {each.detail}" for each in held])

    def perform(self, obj: PayoutRun, given: Given, *, act: Act, now: datetime) -> Done:
        run_size.release_run(cutoff=obj.cutoff, currency=None, act=act, now=now)
        return Done("The run is released.")

    def _held(self, run: PayoutRun) -> list[SendingPause]:
        return list(
            SendingPause.objects.filter(cause=PauseCause.RUN_SIZE, run=run, lifted_at=None).order_by(
                "currency"
            )
        )


@console_act
class Recover(ConsoleAct[SendingPause]):
    name = "recover"
    model = SendingPause
    right = Right.RECOVER
    label = "Recover from Stripe"
    verb = "Take over"
    noun = "payment"
    icon = "cloud_download"
    is_dangerous = True

    def obstacle(self, obj: SendingPause) -> str:
        return _not_behind(obj)

    def preview(self, obj: SendingPause, given: Given) -> Preview:
        try:
            found = recovery.look(since=gate.since())
        except (StripeCallFailed, StripeUnavailable) as failure:
            raise StripeNotRead(str(failure)) from failure
        lost = [Money(each.amount, each.currency) for each in found.lost]
        effects = [
            f"take over {count_of(len(lost), 'payment')} that the database doesn't know, {total_of(lost) or 'nothing'}",
            f"give {count_of(len(found.accounts), 'Stripe account')} back to their creators",
            f"record what came back of {count_of(len(found.reversed), 'payment')}",
            "cancel payouts that wait for the same earnings; what was paid beyond them, creators owe",
            "let sending go on",
        ]
        if found.foreign:
            named = ", ".join(map(str, found.foreign))
            effects.append(f"pause again for payments of another installation ({named})")
        return Preview(effects, amounts=lost)

    def perform(self, obj: SendingPause, given: Given, *, act: Act, now: datetime) -> Done:
        report = recovery.recover(act=act, now=now)
        left = f" {len(report.unplaced)} of them are left to staff." if report.unplaced else ""
        return Done(f"{count_of(report.transfers.total(), 'payment')} taken over.{left}")


class IgnoreInstallationForm(ActForm):
    installation = forms.UUIDField(
        widget=UnfoldAdminTextInputWidget,
        help_text="Its id, which the pause names. Its payments must be at Stripe.",
    )


@console_act
class IgnoreInstallation(ConsoleAct[SendingPause]):
    name = "ignore-installation"
    model = SendingPause
    right = Right.RECOVER
    label = "Ignore installation"
    verb = "Ignore"
    icon = "visibility_off"
    is_dangerous = True
    form: ClassVar[type[ActForm]] = IgnoreInstallationForm

    def obstacle(self, obj: SendingPause) -> str:
        return _not_behind(obj)

    def preview(self, obj: SendingPause, given: Given) -> Preview:
        return Preview(
            [
                f"pass over the payments of installation {given['installation']} from now on",
                "risk paying twice if it pays the same creators: it must share none with this one",
                "leave sending paused until it is recovered",
            ]
        )

    def perform(self, obj: SendingPause, given: Given, *, act: Act, now: datetime) -> Done:
        uuid: UUID = given["installation"]
        gate.ignore_installation(uuid, act=act, now=now)
        return Done(f"Payments of {uuid} are ignored.")


def _ignored() -> list[tuple[str, str]]:
    return [(str(each.uuid), f"{each.uuid}: {each.reason}") for each in selectors.ignored_installations()]


class HeedInstallationForm(ActForm):
    installation = forms.ChoiceField(choices=_ignored, widget=UnfoldAdminSelectWidget)


@console_act
class HeedInstallation(ConsoleAct[None]):
    name = "heed-installation"
    model = None
    above = IgnoredInstallation
    right = Right.RECOVER
    label = "No longer ignore installation"
    verb = "No longer ignore"
    icon = "visibility"
    form: ClassVar[type[ActForm]] = HeedInstallationForm

    def obstacle(self, obj: None) -> str:
        return "" if _ignored() else "No installation is ignored."

    def preview(self, obj: None, given: Given) -> Preview:
        return Preview(
            [
                f"stop passing over the payments of installation {given['installation']}",
                "pause all sending if Stripe shows one of them again",
            ]
        )

    def perform(self, obj: None, given: Given, *, act: Act, now: datetime) -> Done:
        gate.heed_installation(UUID(given["installation"]), act=act)
        return Done(f"Payments of {given['installation']} are no longer ignored.")
