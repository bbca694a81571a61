"""Links to the console's pages about what happened in the demo."""

from collections.abc import Iterator

from django.conf import settings
from django.db.models import Model

from accounts.models import AccountStatus, CreatorPaymentAccount, Hold
from database.display import list_of
from payouts.models import Difference, Payout, PayoutRun
from payouts.states import PayoutStatus


def lines() -> Iterator[tuple[str, str]]:
    """List titles and addresses of pages to look at."""
    for payout in Payout.objects.filter(status=PayoutStatus.RETURNED).order_by("-run__cutoff", "-net_amount")[
        :1
    ]:
        yield "A payout that the bank returned", _page(payout)
    for hold in Hold.objects.filter(lifted_at=None).select_related("creator").order_by("placed_at")[:1]:
        yield "A creator on hold", _page(hold.creator)
    restricted = CreatorPaymentAccount.objects.filter(account_status=AccountStatus.RESTRICTED)
    for account in restricted.select_related("creator").order_by("pk")[:1]:
        yield "The account that Stripe restricted", _list(type(account), q=account.creator.external_id)
    if Difference.objects.filter(resolved_at=None).exists():
        yield "Differences between the books and Stripe", _list(Difference, resolved_at__isempty=1)
    for run in PayoutRun.objects.order_by("-cutoff")[:1]:
        yield "The last run, and who was not paid", _page(run)


def _list(model: type[Model], **parameters: object) -> str:
    return f"{settings.PUBLIC_URL}{list_of(model, **parameters)}"


def _page(row: Model) -> str:
    """Return the shortest address of a row's page: it must fit into 80 columns."""
    return f"{settings.PUBLIC_URL}{list_of(type(row))}{row.pk.hex}/"
