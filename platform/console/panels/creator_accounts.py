"""Panels of a creator's Stripe accounts: what Stripe asks for, where payouts go, and what Stripe told."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from accounts.models import AccountStatus, Creator, CreatorPaymentAccount, Destination
from accounts.selectors import live_account
from console.panels.creator_summary import said_by_stripe
from console.panels.tabs import ACCOUNT
from console.requirements import all_in_words
from database.admin import TECHNICAL, Panel, panel
from database.display import stripe_id
from stripe_io.admin import mirrored_accounts
from stripe_io.values import moment

ROWS = 12


@panel(Creator, tab=ACCOUNT)
def requirements(creator: Creator) -> Panel:
    account = live_account(creator.pk)
    return Panel(
        "What Stripe asks for",
        ["What", "By when"],
        list(_asked_for(account)) if account else [],
        empty="Nothing." if account else "No Stripe account. Onboarding hasn't started.",
    )


def _asked_for(account: CreatorPaymentAccount) -> Iterator[tuple[object, object]]:
    for sentence in said_by_stripe(account):
        yield sentence, moment(account.requirements.get("current_deadline"))
    told = account.future_requirements
    if to_come := [*(told.get("currently_due") or []), *(told.get("eventually_due") or [])]:
        yield f"To come: {all_in_words(to_come)}.", moment(told.get("current_deadline"))


@panel(Creator, tab=ACCOUNT)
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


@panel(Creator, tab=ACCOUNT, is_personal=True)
def destinations(creator: Creator) -> Panel:
    rows = Destination.objects.filter(account__creator=creator).select_related("account")
    return Panel(
        "Where payouts go",
        ["Bank account or card", "Id", "Since", "Stripe account"],
        [
            (str(row), stripe_id(row.external_account_id), row.since, row.account)
            for row in rows.order_by("-since", "-pk")[:ROWS]
        ],
        empty="Not known yet.",
    )


@panel(Creator, tab=TECHNICAL)
def stripe_data_of_all(creator: Creator) -> Panel:
    accounts = CreatorPaymentAccount.objects.filter(creator=creator, stripe_account_id__isnull=False)
    rows = mirrored_accounts().filter(id__in=list(accounts.values_list("stripe_account_id", flat=True)))
    return _mirrored(rows)


@panel(CreatorPaymentAccount)
def stripe_data(account: CreatorPaymentAccount) -> Panel:
    return _mirrored(mirrored_accounts().filter(id=account.stripe_account_id))


def _mirrored(rows: QuerySet[Any]) -> Panel:
    return Panel(
        "Stripe account data",
        ["Account", "Created", "Updated"],
        [(row, row.created, row.djstripe_updated) for row in rows],
        empty="Not received from Stripe yet.",
    )
