"""A creator, explained on one page."""

from collections.abc import Iterator

from accounts.models import AccountStatus, Creator, CreatorPaymentAccount, Hold, HoldSource
from accounts.selectors import live_account
from database import sql
from database.admin import Figure, Panel, headline, link_to, list_of, panel
from earnings.models import ApiOwnership, CreatorEarning
from ledger.models import LedgerAccount
from money import Money, Period
from payouts.models import Payout, RunDecision
from payouts.selectors import standing_of
from payouts.states import DecisionReason, PayoutStatus
from stripe_io.admin import accounts_told

ROWS = 12


@headline(Creator)
def what_is_owed(creator: Creator) -> Iterator[Figure]:
    account = live_account(creator.pk)
    yield Figure(
        "Stripe account",
        AccountStatus(account.account_status) if account else AccountStatus.NOT_CREATED,
        account or "",
    )
    for currency, figures in standing_of(creator.external_id, now=sql.now()).totals.items():
        yield Figure("Owed now", Money(figures.unclaimed_net, currency), "earned, and not in a payout")
        yield Figure("Earned ever", Money(figures.lifetime_net, currency))
        yield Figure("Paid ever", Money(figures.lifetime_payouts, currency))


@panel(Creator)
def holds(creator: Creator) -> Panel:
    rows = Hold.objects.filter(creator=creator).order_by("-pk")[:ROWS]
    return Panel(
        "Holds",
        ["Reason", "Source", "Placed by", "Placed", "Expires", "Lifted"],
        [
            (
                link_to(hold, hold.reason),
                HoldSource(hold.source),
                hold.placed_by,
                hold.placed_at,
                hold.expires_at,
                hold.lifted_at,
            )
            for hold in rows
        ],
        empty="Nothing ever held up this creator's payouts.",
        more=list_of(Hold, creator=creator.pk),
    )


@panel(Creator)
def last_decisions(creator: Creator) -> Panel:
    rows = RunDecision.objects.filter(creator=creator).select_related("run", "payout").order_by("-pk")[:ROWS]
    return Panel(
        "What the last runs decided",
        ["Run", "Decision", "Amount", "Payout", "Detail", "Decided"],
        [
            (
                row.run,
                DecisionReason(row.reason),
                Money(row.amount, row.currency),
                row.payout and PayoutStatus(row.payout.status),
                row.detail,
                row.decided_at,
            )
            for row in rows
        ],
        empty="No run has considered this creator yet.",
        more=list_of(RunDecision, creator=creator.pk),
    )


@panel(Creator)
def last_payouts(creator: Creator) -> Panel:
    rows = Payout.objects.filter(creator=creator).select_related("run").order_by("-pk")[:ROWS]
    return Panel(
        "Last payouts",
        ["Payout", "Status", "Run", "Period", "Made", "Paid"],
        [
            (
                row,
                PayoutStatus(row.status),
                row.run,
                Period(row.period_start, row.period_end),
                row.created_at,
                row.paid_at,
            )
            for row in rows
        ],
        empty="Not paid yet.",
        more=list_of(Payout, creator=creator.pk),
    )


@panel(Creator)
def last_earnings(creator: Creator) -> Panel:
    rows = (
        CreatorEarning.objects.filter(creator=creator).select_related("api", "payout").order_by("-pk")[:ROWS]
    )
    return Panel(
        "Last earnings",
        ["Earning", "API", "Gross", "Platform fee", "Net", "Payout"],
        [
            (
                row,
                row.api or row.description,
                Money(row.gross, row.currency),
                Money(row.platform_fee, row.currency),
                Money(row.net, row.currency),
                row.payout,
            )
            for row in rows
        ],
        empty="Nothing earned yet.",
        more=list_of(CreatorEarning, creator=creator.pk),
    )


@panel(Creator)
def apis(creator: Creator) -> Panel:
    rows = ApiOwnership.objects.filter(creator=creator).select_related("api").order_by("-pk")[:ROWS]
    return Panel(
        "APIs",
        ["API", "API id", "Owned from"],
        [(row.api, row.api.external_id, row.owned_from) for row in rows],
        empty="Owns no API.",
        more=list_of(ApiOwnership, creator=creator.pk),
    )


@panel(Creator)
def stripe_accounts(creator: Creator) -> Panel:
    rows = CreatorPaymentAccount.objects.filter(creator=creator).order_by("-pk")
    return Panel(
        "Stripe accounts",
        ["Account", "Status", "Country", "Made", "Onboarded", "Replaced"],
        [
            (
                row,
                AccountStatus(row.account_status),
                row.country,
                row.created_at,
                row.onboarding_completed_at,
                row.replaced_at,
            )
            for row in rows
        ],
        empty="None: onboarding has not begun.",
    )


@panel(Creator)
def ledger_accounts(creator: Creator) -> Panel:
    rows = LedgerAccount.objects.filter(owner_id=creator.pk).order_by("kind", "currency")
    return Panel(
        "Ledger accounts",
        ["Ledger account", "Balance"],
        [(row, Money(row.balance or 0, row.currency)) for row in rows],
        empty="Nothing is booked yet.",
    )


@panel(CreatorPaymentAccount)
def as_stripe_tells_it(account: CreatorPaymentAccount) -> Panel:
    told = accounts_told().filter(id=account.stripe_account_id)
    return Panel(
        "As Stripe tells it",
        ["Account", "Made", "Told"],
        [(row, row.created, row.djstripe_updated) for row in told],
        empty="Stripe has not told of it yet.",
    )
