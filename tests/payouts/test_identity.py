"""How payments are named at Stripe: by what is paid, so that a restored database names them alike."""

import hashlib
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction

from database import sql
from database.staff import Act
from earnings.models import Adjustment
from payouts.identity import Identity
from payouts.models import Difference, Payout, PayoutAttempt
from payouts.services.reconciliation import reconcile
from payouts.services.staff import interventions
from payouts.states import AttemptKind, AttemptStatus, PayoutStatus
from stripe_io import installation
from stripe_io import services as inbox
from tests.local_stripe import Stripe
from tests.payouts.market import CUTOFF, NEXT_CUTOFF, Market, unsound
from tests.payouts.reconciling import SETTLED
from tests.payouts.sending import REFUSAL, SEND, Sender, send_bank_payout, send_transfer

pytestmark = pytest.mark.django_db
NAMED = Identity(
    installation=UUID(int=1),
    creator="alice",
    currency="USD",
    cutoff=date(2026, 11, 1),
    ordinal=2,
    reference="5f0c",
    kind=AttemptKind.REVERSAL,
    number=3,
)


def hashed(*parts: object) -> str:
    return hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()[:32]


def restore() -> None:
    """Lose everything since the transaction began, as a restored backup does."""
    transaction.set_rollback(True)


def test_metadata_says_everything_and_is_read_back() -> None:
    assert Identity.of(NAMED.metadata) == NAMED
    assert NAMED.key == "reversal:5f0c:3"


@pytest.mark.parametrize("left_out", NAMED.metadata)
def test_metadata_that_lacks_anything_is_not_ours(left_out: str) -> None:
    assert Identity.of({name: value for name, value in NAMED.metadata.items() if name != left_out}) is None


@pytest.mark.parametrize(
    "edited",
    [
        {"installation_id": "x"},
        {"cutoff": "soon"},
        {"ordinal": ""},
        {"attempt_kind": "gift"},
        {"attempt_number": "1st"},
        {"ordinal": "99999999999"},
        {"ordinal": "0"},
        {"attempt_number": "-1"},
        {"creator_id": "alice\x00"},
    ],
)
def test_metadata_that_is_not_in_form_is_not_ours(edited: dict[str, str]) -> None:
    assert Identity.of({**NAMED.metadata, **edited}) is None


def test_a_reference_is_a_hash_of_what_is_paid(payout: Payout) -> None:
    assert payout.transfer_group == hashed("alice", "USD", CUTOFF)
    assert payout.reference == hashed("alice", "USD", CUTOFF, 1)
    assert payout.ordinal == 1


def test_what_differs_has_another_reference(market: Market) -> None:
    for name in ("alice", "bob"):
        creator = market.creator(name)
        market.sell(creator, 100_00)
        market.sell(creator, 100_00, at="2025-10-10T12:00:00Z")
    market.run(CUTOFF)
    Payout.objects.update(status=PayoutStatus.IN_TRANSIT)
    market.run(NEXT_CUTOFF)
    names = [name for payout in Payout.objects.all() for name in (payout.reference, payout.transfer_group)]
    assert Payout.objects.count() == 4
    assert len(set(names)) == 8


def test_a_retry_is_the_next_of_its_group(payout: Payout, sandbox: Stripe) -> None:
    sandbox.inject({**REFUSAL, "count": 1})
    Sender(payout).send()
    retry = interventions.retry_payout(payout.pk, act=Act("dana", "Mended"), now=sql.now())
    assert (retry.ordinal, retry.transfer_group) == (2, payout.transfer_group)
    assert retry.reference == hashed("alice", "USD", CUTOFF, 2)
    interventions.cancel_payout(retry.pk, act=Act("dana", "No"), now=sql.now())
    third = interventions.retry_payout(retry.pk, act=Act("dana", "Yes"), now=sql.now())
    assert third.ordinal == 3
    assert Sender(third).send().status == PayoutStatus.IN_TRANSIT
    assert unsound() == {}


def test_a_run_made_again_names_what_it_pays_as_before(market: Market) -> None:
    alice = market.creator("alice")
    market.sell(alice, 100_00)
    with transaction.atomic():
        market.run()
        before = list(Payout.objects.values_list("reference", "transfer_group", "ordinal"))
        restore()
    market.run()
    assert list(Payout.objects.values_list("reference", "transfer_group", "ordinal")) == before


def test_all_that_stripe_is_told_follows_from_what_is_paid(market: Market, sandbox: Stripe) -> None:
    """So the same key comes with the same parameters, and Stripe gives the same answer."""
    alice = market.creator("alice", account=None)
    market.onboard(alice)
    market.sell(alice, 100_00)
    sent = []
    installation.remembered()
    for _ in range(2):
        with transaction.atomic():
            market.run()
            payout = Payout.objects.get()
            send_transfer(payout.pk, now=sql.now())
            send_bank_payout(payout.pk, now=sql.now())
            payout.refresh_from_db()
            sent.append((payout.stripe_transfer_id, payout.stripe_payout_id))
            restore()
    assert sent[0] == sent[1]
    (transfer,) = sandbox.transfers()
    (bank_payout,) = sandbox.state("payouts")["payouts"]
    told = Identity.of(transfer["metadata"])
    assert told == Identity(
        installation=installation.remembered().uuid,
        creator="alice",
        currency="USD",
        cutoff=CUTOFF,
        ordinal=1,
        reference=hashed("alice", "USD", CUTOFF, 1),
        kind=AttemptKind.TRANSFER,
        number=1,
    )
    assert Identity.of(bank_payout["metadata"]) == replace(told, kind=AttemptKind.BANK_PAYOUT)


def test_two_payouts_never_have_the_same_name(payout: Payout, market: Market) -> None:
    other = market.payout(market.creator("bob"))
    for name in ("reference", "ordinal"):
        copy = {field.name: getattr(other, field.name) for field in Payout._meta.fields if field.name != "id"}
        with pytest.raises(IntegrityError), transaction.atomic():
            Payout.objects.create(
                **{
                    **copy,
                    "creator": payout.creator,
                    "ordinal": 2,
                    "reference": "new",
                    "status": PayoutStatus.CANCELLED,
                    name: getattr(payout, name),
                }
            )


def made_elsewhere(payout: Payout, sandbox: Stripe, **facts: Any) -> str:
    """Make a transfer that names the payout's attempt, with other facts; return its id."""
    attempt = payout.attempts.get()
    made = sandbox.client.v1.transfers.create(
        {
            "amount": attempt.amount,
            "currency": attempt.currency.lower(),
            "destination": attempt.destination,
            "transfer_group": payout.transfer_group,
            "metadata": attempt.metadata,
            **facts,  # type: ignore[typeddict-item]
        }
    )
    return made.id


@pytest.fixture
def in_doubt(payout: Payout, sandbox: Stripe) -> Sender:
    """A payout whose only send has no answer, and did nothing."""
    sandbox.inject({**SEND, "kind": "connection_reset", "count": 1})
    sender = Sender(payout)
    assert sender.send().status == PayoutStatus.PROCESSING
    return sender


@pytest.mark.parametrize("differs", ["amount", "currency", "destination"])
@pytest.mark.parametrize("found_by", ["look-up", "webhook", "reconciliation"])
def test_a_transfer_that_moved_something_else_is_not_the_attempts_that_it_names(
    in_doubt: Sender, market: Market, sandbox: Stripe, differs: str, found_by: str
) -> None:
    payout = in_doubt.payout
    sandbox.fund(1_000_00, "eur")
    facts: dict[str, Any] = {"amount": 79_99, "currency": "eur"}
    if differs == "destination":
        facts["destination"] = market.onboard(market.creator("mallory", account=None)).stripe_account_id
    made = made_elsewhere(payout, sandbox, **{differs: facts[differs]})
    match found_by:
        case "look-up":
            interventions.sync_payout(payout.pk, act=Act("dana", "Where is it?"), now=sql.now())
        case "webhook":
            sandbox.deliver_webhooks()
            inbox.handle_due(at_most=100)
        case _:
            reconcile(now=sql.now() + SETTLED)
    attempt = payout.attempts.get()
    assert (attempt.status, attempt.stripe_id) == (AttemptStatus.OPEN, "")
    assert in_doubt.payout.status == PayoutStatus.PROCESSING
    difference = Difference.objects.get(subject=made, resolved_at=None)
    assert (difference.kind, difference.payout) == ("unexpected_transfer", payout)
    # The creator owes only what they have, in the currency in which they have it.
    assert Adjustment.objects.exists() == (differs == "amount")
    assert unsound() == {}


@pytest.mark.parametrize("differs", ["amount", "currency"])
def test_while_a_transfer_names_a_payout_and_differs_nothing_more_is_sent(
    in_doubt: Sender, sandbox: Stripe, differs: str
) -> None:
    sandbox.fund(1_000_00, "eur")
    facts = {"amount": 79_99, "currency": "eur"}
    made_elsewhere(in_doubt.payout, sandbox, **{differs: facts[differs]})
    for _ in range(6):
        in_doubt.send(after=timedelta(hours=25))
    assert in_doubt.payout.status == PayoutStatus.PENDING
    assert len(sandbox.transfers()) == 1
    assert Difference.objects.filter(kind="unexpected_transfer").count() == 1


def as_before(payout: Payout) -> None:
    """Name a payout and its attempts as they were named before payouts had references."""
    sql.run("SET LOCAL session_replication_role = replica")
    sql.run("UPDATE payouts SET reference = id, transfer_group = id")
    sql.run(
        "UPDATE payout_attempts SET idempotency_key = kind || ':' || payout_id || ':1',"
        " metadata = jsonb_build_object('payout_id', payout_id, 'attempt_id', id)"
    )
    sql.run("SET LOCAL session_replication_role = origin")
    payout.refresh_from_db()


@pytest.fixture
def old(in_doubt: Sender) -> Sender:
    """A payout from before payouts had references, with an attempt in doubt."""
    as_before(in_doubt.payout)
    return in_doubt


def test_an_attempt_from_before_is_sent_again_as_it_was(old: Sender, sandbox: Stripe) -> None:
    """Stripe refuses a key that comes with other parameters."""
    payout, attempt = old.payout, old.payout.attempts.get()
    assert old.send().status == PayoutStatus.IN_TRANSIT
    (transfer,) = sandbox.transfers()
    assert transfer["metadata"] == {"payout_id": str(payout.pk), "attempt_id": str(attempt.pk)}
    assert transfer["transfer_group"] == str(payout.pk)
    (created,) = [each for each in sandbox.state("events")["events"] if each["type"] == "transfer.created"]
    assert created["request"]["idempotency_key"] == f"transfer:{payout.pk}:1"


@pytest.mark.parametrize("found_by", ["look-up", "webhook", "reconciliation"])
def test_a_transfer_from_before_is_still_found(old: Sender, sandbox: Stripe, found_by: str) -> None:
    sandbox.inject({**SEND, "kind": "drop_response_after_work", "count": 1})
    old.send()
    match found_by:
        case "look-up":
            old.send(after=timedelta(hours=25))
        case "webhook":
            sandbox.deliver_webhooks()
            inbox.handle_due(at_most=100)
        case _:
            reconcile(now=sql.now() + SETTLED)
    assert old.payout.status == PayoutStatus.IN_TRANSIT
    assert old.payout.stripe_transfer_id == sandbox.transfers()[0]["id"]
    assert not Difference.objects.filter(resolved_at=None).exists()
    assert unsound() == {}


@pytest.mark.parametrize("found_by", ["look-up", "webhook", "reconciliation"])
def test_a_bank_payout_from_before_is_still_found(payout: Payout, sandbox: Stripe, found_by: str) -> None:
    as_before(payout)
    send_transfer(payout.pk, now=sql.now())
    sandbox.inject({"method": "POST", "path": "/v1/payouts", "kind": "connection_reset", "count": 1})
    now = sql.now()
    send_bank_payout(payout.pk, now=now)
    as_before(payout)
    sandbox.inject({"method": "POST", "path": "/v1/payouts", "kind": "drop_response_after_work", "count": 1})
    assert payout.next_retry_at
    send_bank_payout(payout.pk, now=payout.next_retry_at)
    match found_by:
        case "look-up":
            send_bank_payout(payout.pk, now=now + timedelta(hours=25))
        case "webhook":
            sandbox.deliver_webhooks()
            inbox.handle_due(at_most=100)
        case _:
            reconcile(now=sql.now() + SETTLED)
    payout.refresh_from_db()
    (bank_payout,) = sandbox.state("payouts")["payouts"]
    assert payout.stripe_payout_id == bank_payout["id"]
    assert bank_payout["metadata"].keys() == {"payout_id", "attempt_id"}
    assert not Difference.objects.filter(resolved_at=None).exists()


@pytest.mark.full
@pytest.mark.django_db(transaction=True)
def test_an_upgrade_keeps_what_stripe_knows(payout: Payout, sandbox: Stripe) -> None:
    sandbox.inject({**REFUSAL, "count": 1})
    Sender(payout).send()
    retry = interventions.retry_payout(payout.pk, act=Act("dana", "Mended"), now=sql.now())
    try:
        call_command("migrate", "payouts", "0024", verbosity=0)
    finally:
        call_command("migrate", verbosity=0)
    for ordinal, each in enumerate([payout, retry], start=1):
        each.refresh_from_db()
        assert (each.ordinal, each.reference, each.transfer_group) == (ordinal, str(each.pk), str(each.pk))
    attempt = PayoutAttempt.objects.get()
    assert attempt.metadata == {"payout_id": str(payout.pk), "attempt_id": str(attempt.pk)}
