"""What needs people about records, the books and Stripe's events, most urgent first."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.urls import reverse

from console.home.concerns import Concern, linked, listed
from database.admin import anchor, list_of, page_of
from database.display import count_of
from earnings import selectors as earnings
from earnings.models import Api, ApiChange, BillingBatch, QuarantinedRecord
from money import Money
from payouts import selectors as payouts
from payouts.models import Difference, ReconciliationPass
from stripe_io import installation
from stripe_io import selectors as inbox
from stripe_io.models import InboxEvent, KeptBody

# Checked each night; as in docs/operations.md, "What to alert on".
BOOKS_LATE, PASS_LATE = timedelta(hours=50), timedelta(hours=26)
PROPOSALS_SHOWN = 5
EVENTS_LATE, POSTING_LATE = timedelta(minutes=15), timedelta(hours=2)


def books(now: datetime) -> Iterator[Concern]:
    check = payouts.last_books_check()
    if check and check.failed:
        yield Concern(
            "lost",
            linked(
                reverse("admin:books"),
                "The books don't balance",
                f": {check.failed} of {count_of(check.validations, 'check')} failed.",
            ),
            check.started_at,
        )
    last = check.started_at if check else installation.installed_at()
    if last < now - BOOKS_LATE:
        yield Concern(
            "attention",
            linked(reverse("admin:books"), "The books were not checked", ", though they are each night."),
            last,
        )


def reconciliation(now: datetime) -> Iterator[Concern]:
    last = payouts.last_pass()
    if last and last.error:
        yield Concern(
            "attention",
            linked(page_of(last), "Stripe was not compared completely", f": {last.error}"),
            last.started_at,
        )
    done = payouts.last_finished_pass()
    began = done.started_at if done else installation.installed_at()
    if began < now - PASS_LATE:
        yield Concern(
            "attention",
            linked(
                list_of(ReconciliationPass),
                "Stripe was not compared with the books",
                ", though it is each night.",
            ),
            began,
        )


def differences() -> Iterator[Concern]:
    for open_ in payouts.differences_by_currency():
        address = list_of(Difference, resolved_at__isempty=1, currency=open_.amount.currency)
        nobodys = f"{address}&owner__exact="
        yield Concern(
            "attention",
            linked(
                address,
                count_of(open_.count, "difference"),
                f", {open_.amount}",
                *(
                    [": ", anchor(nobodys, f"{open_.without_owner} without an owner")]
                    if open_.without_owner
                    else []
                ),
            ),
            open_.oldest,
            address,
            open_.count,
            open_.amount,
        )


def proposals() -> Iterator[Concern]:
    """Tell what waits for a second person, oldest first; of many, only the oldest are told one by one."""
    adjustments = list(earnings.proposed_adjustments()[: PROPOSALS_SHOWN + 1])
    placements = list(payouts.proposed_placements()[: PROPOSALS_SHOWN + 1])
    for adjustment in adjustments[:PROPOSALS_SHOWN]:
        amount = Money(adjustment.amount, adjustment.currency)
        yield Concern(
            "attention",
            linked(
                page_of(adjustment),
                f"{adjustment.get_kind_display()} of {amount}",
                f" for {adjustment.creator} waits for a second person. Proposed by {adjustment.proposed_by}.",
            ),
            adjustment.proposed_at,
            subject=adjustment,
        )
    for placement in placements[:PROPOSALS_SHOWN]:
        yield Concern(
            "attention",
            linked(
                page_of(placement),
                f"Placing {placement.money}",
                f" waits for a second person. Proposed by {placement.proposed_by}.",
            ),
            placement.proposed_at,
            subject=placement,
        )
    if max(len(adjustments), len(placements)) > PROPOSALS_SHOWN:
        approvals = reverse("admin:approvals")
        yield Concern("attention", linked(approvals, "More proposals", " wait for a second person."))


def quarantine() -> Iterator[Concern]:
    by_reason = earnings.open_quarantine_by_reason()
    if not by_reason:
        return
    address = list_of(QuarantinedRecord, resolved_at__isempty=1)
    count = sum(count for _, count in by_reason)
    reasons = listed(
        anchor(f"{address}&reason__exact={reason}", f"{of_it:,} {_uncapitalized(reason.label)}")
        for reason, of_it in by_reason
    )
    yield Concern(
        "attention",
        linked(address, f"{count_of(count, 'record')} in quarantine", ": ", reasons),
        earnings.oldest_quarantined(),
        address,
        count,
    )


def _uncapitalized(label: str) -> str:
    """Write a label within a sentence; its abbreviations stay as they are."""
    return label[:1].lower() + label[1:]


def batches() -> Iterator[Concern]:
    aside = earnings.batches_set_aside()
    if count := aside.count():
        address = list_of(BillingBatch, set_aside_at__isempty=0)
        yield Concern(
            "attention",
            linked(address, f"{count_of(count, 'batch', 'batches')} set aside", ": posting failed."),
            aside.order_by("set_aside_at").values_list("set_aside_at", flat=True).first(),
            address,
            count,
        )
    unposted = earnings.unposted()
    if unposted.lag > POSTING_LATE:
        yield Concern(
            "attention",
            linked(
                list_of(BillingBatch, posted_at__isempty=1, set_aside_at__isempty=1),
                f"{count_of(unposted.batches, 'batch', 'batches')} not posted",
                ", though that is done each hour. Is the earnings worker up?",
            ),
            unposted.oldest,
        )


def events(now: datetime) -> Iterator[Concern]:
    unhandled = inbox.unhandled_events(now=now)
    if unhandled.oldest > EVENTS_LATE:
        address = list_of(InboxEvent, handled_at__isempty=1)
        yield Concern(
            "attention",
            linked(address, f"{count_of(unhandled.count, 'Stripe event')} not handled", "."),
            now - unhandled.oldest,
            address,
            unhandled.count,
        )
    if count := sum(inbox.bodies_set_aside().values()):
        address = list_of(KeptBody, event__isempty=1)
        yield Concern(
            "waiting",
            linked(
                address,
                f"{count_of(count, 'webhook body', 'webhook bodies')} set aside",
                ": not usable as events.",
            ),
            address=address,
            count=count,
        )


def catalogue(now: datetime) -> Iterator[Concern]:
    concerns = earnings.catalog_concerns(now=now)
    if concerns.owner_changes:
        yield Concern(
            "waiting",
            linked(
                list_of(ApiChange, had_sales__exact=1),
                f"{count_of(concerns.owner_changes, 'API')} with sales changed owner",
                " in the last 30 days.",
            ),
        )
    if concerns.unassigned:
        address = list_of(Api, source__isnull=1)
        yield Concern(
            "waiting",
            linked(
                address,
                f"{count_of(concerns.unassigned, 'API')} without a source",
                ": no service can change them.",
            ),
            address=address,
            count=concerns.unassigned,
        )
