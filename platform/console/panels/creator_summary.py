"""What stands at the top of a creator's page: their state, next payout and last run, and a balance that adds up."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from django.db import models
from django.http import HttpRequest
from django.utils.safestring import SafeString

from accounts.models import AccountStatus, Creator, CreatorPaymentAccount, Hold
from accounts.selectors import live_account, open_holds
from console.requirements import all_in_words
from console.stripe_links import account_address, linked
from database import sql
from database.admin import list_of, sees_personal_data, summary
from earnings.models import Adjustment, AdjustmentStatus, CreatorEarning
from money import Money
from payouts.explanations import ACCOUNT_DISABLED, ACCOUNT_GONE, COOLING_DOWN, DESTINATION_REFUSED
from payouts.models import Payout, PayoutRun, RunDecision
from payouts.selectors import Balance, Upcoming, balances_of, last_run, upcoming_of
from payouts.states import FINISHED, DecisionReason, PayoutStatus
from payouts.whereabouts import situation_of, tell
from stripe_io.values import moment

# More are hardly ever under way at once; the tab of payouts has them all.
UNDER_WAY_SHOWN = 5
_SHORT_OF_A_MINIMUM = (DecisionReason.BELOW_MINIMUM, DecisionReason.BELOW_BANK_MINIMUM)
_OF_THE_ACCOUNT = (
    DecisionReason.ONBOARDING_INCOMPLETE,
    DecisionReason.ACCOUNT_RESTRICTED,
    ACCOUNT_DISABLED,
)
# What creators are told, and runs don't tell apart.
_TITLES = {
    ACCOUNT_DISABLED: "Stripe account disabled",
    ACCOUNT_GONE: "Stripe account closed or disconnected",
    COOLING_DOWN: "Cooling down: the payout is made, and held until then",
    DESTINATION_REFUSED: "Several payouts in a row were refused or returned",
}


class Flag(models.TextChoices):
    """What a creator's page warns of."""

    ON_HOLD = "on_hold", "On hold"
    COOLING_DOWN = "cooling_down", "Cooling down"
    OWES = "owes", "Owes the platform"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What is in the way of the next payout, what Stripe or we know of it, and what the creator is told."""

    title: str
    detail: str
    told: str


@dataclass(frozen=True, slots=True)
class NextPayout:
    """The next payout in one currency, as `/payouts/upcoming` answers it to the creator."""

    upcoming: Upcoming
    obstacles: Sequence[Obstacle]

    @property
    def amount(self) -> Money:
        return Money(self.upcoming.payable_net, self.upcoming.currency)

    @property
    def is_made(self) -> bool:
        """Whether the run makes it; after a change of bank account it is made, and held."""
        return set(self.upcoming.blockers) <= {COOLING_DOWN}

    @property
    def later(self) -> Money | None:
        """What is available, and not in that payout: it was earned after the period that it pays."""
        rest = self.upcoming.unclaimed_net - self.upcoming.payable_net
        return Money(rest, self.upcoming.currency) if rest > 0 and self.upcoming.payable_net >= 0 else None


@dataclass(frozen=True, slots=True)
class Part:
    """One figure of the balance, with its sign in the sum, and where its rows are listed."""

    sign: str
    title: str
    amount: Money
    address: str


@dataclass(frozen=True, slots=True)
class WrittenBalance:
    """A balance in one currency: what was earned, and its parts, which add up to it."""

    earned: Part
    parts: Sequence[Part]
    adjusted: Part | None
    written_off: Part | None
    adds_up: bool


@dataclass(frozen=True, slots=True)
class Told:
    """What became of an amount: the state it is in, the payout if there is one, and where the money is, in words."""

    state: models.TextChoices
    of: Payout | Money
    sentences: str


@dataclass(frozen=True, slots=True)
class CreatorSummary:
    template: ClassVar[str] = "console/creator.html"
    creator: Creator
    email: str
    states: Sequence[models.TextChoices]
    account: SafeString
    next_payouts: Sequence[NextPayout]
    last_run: PayoutRun | None
    in_last_run: Sequence[Told]
    holds: Sequence[Hold]
    balances: Sequence[WrittenBalance]
    under_way: Sequence[Told]


@summary(Creator)
def summary_of(creator: Creator, request: HttpRequest) -> CreatorSummary:
    now = sql.now()
    account, holds, balances = live_account(creator.pk), list(open_holds(creator.pk)), balances_of(creator.pk)
    run = last_run()
    return CreatorSummary(
        creator=creator,
        email=creator.email if sees_personal_data(request) else "",
        states=list(_states(account, holds, balances)),
        account=_account(account),
        next_payouts=_next_payouts(creator, account, balances, now=now),
        last_run=run,
        in_last_run=list(_in_run(creator, run, now=now)) if run else [],
        holds=holds,
        balances=[_written(balance, creator) for balance in balances],
        under_way=list(_under_way(creator, besides=run, now=now)),
    )


def _states(
    account: CreatorPaymentAccount | None, holds: Sequence[Hold], balances: Sequence[Balance]
) -> Iterator[models.TextChoices]:
    yield AccountStatus(account.account_status) if account else AccountStatus.NOT_CREATED
    if any(hold.expires_at is None for hold in holds):
        yield Flag.ON_HOLD
    if any(hold.expires_at for hold in holds):
        yield Flag.COOLING_DOWN
    if any(balance.owed for balance in balances):
        yield Flag.OWES


def _account(account: CreatorPaymentAccount | None) -> SafeString:
    if account is None or account.stripe_account_id is None:
        return SafeString("")
    return linked(account.stripe_account_id, account_address(account.stripe_account_id))


def _next_payouts(
    creator: Creator, account: CreatorPaymentAccount | None, balances: Sequence[Balance], *, now: datetime
) -> list[NextPayout]:
    """Foresee the next payout in each currency with something in it, or in the creator's own."""
    open_in: list[str | None] = [balance.currency for balance in balances if balance.unclaimed_net]
    forecasts = [upcoming_of(creator.pk, requested=currency, now=now) for currency in open_in or [None]]
    return [
        NextPayout(upcoming, [_obstacle(code, upcoming, account) for code in upcoming.blockers])
        for upcoming in forecasts
    ]


def _obstacle(code: str, upcoming: Upcoming, account: CreatorPaymentAccount | None) -> Obstacle:
    explained = next(each for each in upcoming.explained_blockers if each.code == code)
    detail = ""
    if code in _SHORT_OF_A_MINIMUM and upcoming.minimum is not None and upcoming.shortfall:
        short, minimum = (
            Money(amount, upcoming.currency) for amount in (upcoming.shortfall, upcoming.minimum)
        )
        detail = f"{short} short of {minimum}."
    elif code in _OF_THE_ACCOUNT and account is not None:
        detail = " ".join(said_by_stripe(account))
    title = _TITLES[code] if code in _TITLES else DecisionReason(code).label
    return Obstacle(title, detail, f"{explained.message} {explained.action}")


def said_by_stripe(account: CreatorPaymentAccount) -> Iterator[str]:
    """Say what Stripe asks for, in words, and why it has stopped the account."""
    told = account.requirements
    past_due, due = told.get("past_due") or [], told.get("currently_due") or []
    if past_due:
        yield f"Past due: {all_in_words(past_due)}."
    if others := [each for each in due if each not in past_due]:
        deadline = moment(told.get("current_deadline"))
        by = f" by {deadline:%-d %b %Y}" if deadline else ""
        yield f"Needed{by}: {all_in_words(others)}."
    if verifying := told.get("pending_verification"):
        yield f"Stripe is verifying: {all_in_words(verifying)}."
    for error in told.get("errors") or []:
        yield f"Stripe: {error.get('reason') or error.get('code')}"
    if reason := told.get("disabled_reason"):
        yield f"Stripe's reason: {reason}."


def _written(balance: Balance, creator: Creator) -> WrittenBalance:
    def part(sign: str, title: str, amount: int, address: str) -> Part:
        return Part(sign, title, Money(amount, balance.currency), address)

    of_creator = {"creator": creator.pk, "currency": balance.currency}
    unclaimed = list_of(CreatorEarning, **of_creator, claimed="no")
    paid = list_of(Payout, **of_creator, status__exact=PayoutStatus.PAID)
    adjustments = list_of(Adjustment, creator=creator.pk, status__exact=AdjustmentStatus.APPROVED)
    parts = [
        part("=", "Paid", balance.paid, paid),
        part("+", "On its way", balance.on_its_way, list_of(Payout, **of_creator, standing="under_way")),
        part("+", "Available", balance.available, unclaimed),
    ]
    if balance.owed:
        parts.append(part("-", "Owed to the platform", balance.owed, unclaimed))
    return WrittenBalance(
        earned=part("", "Earned, all time", balance.lifetime_net, list_of(CreatorEarning, **of_creator)),
        parts=parts,
        adjusted=part("", "adjustments", balance.adjusted, adjustments) if balance.adjusted else None,
        written_off=part("", "written off", balance.written_off, adjustments)
        if balance.written_off
        else None,
        adds_up=balance.adds_up,
    )


def _in_run(creator: Creator, run: PayoutRun, *, now: datetime) -> Iterator[Told]:
    """Say in each currency what a run decided, or what became of the payout that it made."""
    decisions = RunDecision.objects.filter(run=run, creator=creator).select_related("payout__creator")
    for decision in decisions.order_by("currency"):
        if decision.payout:
            yield _told(decision.payout, now=now)
        else:
            amount = Money(decision.amount, decision.currency)
            yield Told(DecisionReason(decision.reason), amount, decision.detail or "No payout was made.")


def _under_way(creator: Creator, *, besides: PayoutRun | None, now: datetime) -> Iterator[Told]:
    """Say of each payout that isn't finished where its money is, except those that a run's decisions tell of."""
    unfinished = Payout.objects.filter(creator=creator).exclude(status__in=FINISHED)
    others = unfinished.exclude(decisions__run=besides) if besides else unfinished
    for payout in others.select_related("creator").order_by("-pk")[:UNDER_WAY_SHOWN]:
        yield _told(payout, now=now)


def _told(payout: Payout, *, now: datetime) -> Told:
    return Told(PayoutStatus(payout.status), payout, " ".join(tell(situation_of(payout), now=now)))
