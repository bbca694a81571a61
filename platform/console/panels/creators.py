"""Panels of a creator's page: what they are owed, and why they are paid or not."""

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
from stripe_io.admin import mirrored_accounts

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
        yield Figure("Owed now", Money(figures.unclaimed_net, currency), "not in a payout yet")
        yield Figure("Earned", Money(figures.lifetime_net, currency), "all time")
        yield Figure("Paid", Money(figures.lifetime_payouts, currency), "all time")


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
        empty="Never on hold.",
        more=list_of(Hold, creator=creator.pk),
    )


@panel(Creator)
def last_decisions(creator: Creator) -> Panel:
    rows = RunDecision.objects.filter(creator=creator).select_related("run", "payout").order_by("-pk")[:ROWS]
    return Panel(
        "Latest run decisions",
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
        empty="No run has included this creator yet.",
        more=list_of(RunDecision, creator=creator.pk),
    )


@panel(Creator)
def last_payouts(creator: Creator) -> Panel:
    rows = Payout.objects.filter(creator=creator).select_related("run").order_by("-pk")[:ROWS]
    return Panel(
        "Latest payouts",
        ["Payout", "Status", "Run", "Period", "Created", "Paid"],
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
        empty="No payouts yet.",
        more=list_of(Payout, creator=creator.pk),
    )


@panel(Creator)
def last_earnings(creator: Creator) -> Panel:
    rows = (
        CreatorEarning.objects.filter(creator=creator).select_related("api", "payout").order_by("-pk")[:ROWS]
    )
    return Panel(
        "Latest earnings",
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
        empty="No earnings yet.",
        more=list_of(CreatorEarning, creator=creator.pk),
    )


@panel(Creator)
def apis(creator: Creator) -> Panel:
    rows = ApiOwnership.objects.filter(creator=creator).select_related("api").order_by("-pk")[:ROWS]
    return Panel(
        "APIs",
        ["API", "API id", "Owned from"],
        [(row.api, row.api.external_id, row.owned_from) for row in rows],
        empty="No APIs.",
        more=list_of(ApiOwnership, creator=creator.pk),
    )


@panel(Creator)
def stripe_accounts(creator: Creator) -> Panel:
    rows = CreatorPaymentAccount.objects.filter(creator=creator).order_by("-pk")
    return Panel(
        "Stripe accounts",
        ["Account", "Status", "Country", "Created", "Onboarded", "Replaced"],
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
        empty="None. Onboarding hasn't started.",
    )


@panel(Creator)
def ledger_accounts(creator: Creator) -> Panel:
    rows = LedgerAccount.objects.filter(owner_id=creator.pk).order_by("kind", "currency")
    return Panel(
        "Ledger accounts",
        ["Ledger account", "Balance"],
        [(row, Money(row.balance or 0, row.currency)) for row in rows],
        empty="No entries yet.",
    )


@panel(CreatorPaymentAccount)
def stripe_data(account: CreatorPaymentAccount) -> Panel:
    rows = mirrored_accounts().filter(id=account.stripe_account_id)
    return Panel(
        "Stripe account data",
        ["Account", "Created", "Updated"],
        [(row, row.created, row.djstripe_updated) for row in rows],
        empty="Not received from Stripe yet.",
    )
