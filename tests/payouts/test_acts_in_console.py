"""Each act of staff through the console's dialog: offered when it is possible, permitted, and done once."""

from collections.abc import Callable
from http import HTTPStatus
from uuid import uuid4

import pytest
from django.db import transaction
from django.db.models import Model
from django.test import Client

from accounts.errors import PlatformNotReady
from accounts.groups import WHO_MAY, StaffGroup
from accounts.models import CreatorPaymentAccount, Hold, OpeningRefusal
from accounts.services import holds
from accounts.services.opening import open_payment_account
from accounts.services.payment_accounts import refresh_payment_account
from console.acting.declaring import act_named, all_acts
from database import sql
from database.acts import Kind
from database.display import list_of, page_of
from database.models import RecordedAct
from database.staff import Act, Right, Via
from payouts import selectors
from payouts.models import IgnoredInstallation, PauseCause, Payout, PayoutRun, SendingPause
from payouts.services.deciding import pauses
from payouts.services.staff import interventions
from payouts.states import PayoutStatus
from tests.console.dialogs import WHY, confirm, dialog_of, hidden, messages_in, open_dialog
from tests.factories import CreatorFactory, UserFactory, user_in
from tests.local_stripe import Stripe
from tests.payouts.market import Market
from tests.payouts.sending import REFUSAL, send_bank_payout, send_transfer
from tests.reasons import without_their_act

pytestmark = pytest.mark.django_db
KEPT = {"method": "POST", "path": "/v1/transfers/.*/reversals", "kind": "status", "status": 400}
BY_STAFF = Act("dana", "Looks odd")
OTHER = "12345678-1234-4234-8234-123456789012"


def held(payout: Payout, sandbox: Stripe) -> Model:
    interventions.hold_creator(payout.creator, act=BY_STAFF, now=sql.now())
    return payout.creator


def cooling_down(payout: Payout, sandbox: Stripe) -> Model:
    holds.cool_down(payout.creator, reason="A new bank account", now=sql.now())
    return payout.creator


def stuck(payout: Payout, sandbox: Stripe) -> Model:
    holds.hold_until_paid_elsewhere(payout.creator_id, reason="Three payouts came back")
    return payout.creator


def refused(payout: Payout, sandbox: Stripe) -> Model:
    sandbox.inject(REFUSAL)
    send_transfer(payout.pk, now=sql.now())
    return payout


def sent(payout: Payout, sandbox: Stripe) -> Model:
    send_transfer(payout.pk, now=sql.now())
    return payout


def reversal_refused(payout: Payout, sandbox: Stripe) -> Model:
    send_transfer(payout.pk, now=sql.now())
    sandbox.inject(KEPT)
    interventions.reverse_payout(payout.pk, act=BY_STAFF, now=sql.now())
    return payout


def gone(payout: Payout, sandbox: Stripe) -> Model:
    send_transfer(payout.pk, now=sql.now())
    send_bank_payout(payout.pk, now=sql.now())
    account = CreatorPaymentAccount.objects.get()
    sandbox.control(f"accounts/{account.stripe_account_id}/deauthorize")
    refresh_payment_account(account, now=sql.now())
    return payout


def too_large(payout: Payout, sandbox: Stripe) -> Model:
    run = PayoutRun.objects.get()
    detail = "the run pays more than usual"
    pauses.open_pause(
        PauseCause.RUN_SIZE, currency="USD", run=run, detail=detail, probe_at=sql.now(), now=sql.now()
    )
    return run


def refused_alike(payout: Payout, sandbox: Stripe) -> Model:
    refused(payout, sandbox)
    refusal = str(REFUSAL["code"])
    return pauses.open_pause(
        PauseCause.REFUSALS, detail="Alike", refusal=refusal, probe_at=sql.now(), now=sql.now()
    )


def forgotten(payout: Payout, sandbox: Stripe) -> Model:
    """The payout was sent after the backup that was restored."""
    backup = transaction.savepoint()
    send_transfer(payout.pk, now=sql.now())
    transaction.savepoint_rollback(backup)
    return behind()


def paid_by_another(payout: Payout, sandbox: Stripe) -> Model:
    """Stripe has a payment of another installation."""
    send_transfer(payout.pk, now=sql.now())
    (own,) = sandbox.transfers()
    sandbox.client.v1.transfers.create(
        {
            "amount": own["amount"],
            "currency": own["currency"],
            "destination": own["destination"],
            "metadata": {**own["metadata"], "installation_id": OTHER},
        }
    )
    return behind()


def behind() -> SendingPause:
    now = sql.now()
    return pauses.open_pause(PauseCause.BEHIND_STRIPE, detail="tr_1 is unknown", probe_at=now, now=now)


def not_opened(payout: Payout, sandbox: Stripe) -> Model:
    """Stripe refused to open bob's account until the platform's profile was filled in."""
    refusal = {"kind": "abort_work", "status": 400, "message": "See https://dashboard.stripe.com/connect."}
    sandbox.inject({"method": "POST", "path": "/v2/core/accounts", **refusal})
    bob = CreatorFactory.create(external_id="bob")
    with pytest.raises(PlatformNotReady):
        open_payment_account(bob, now=sql.now())
    sandbox.clear_faults()
    return OpeningRefusal.objects.get()


def status() -> str:
    return Payout.objects.order_by("pk")[0].status


# How each act becomes possible, the button that confirms it, and whether it was done.
ACTS: dict[str, tuple[Callable[[Payout, Stripe], Model], str, Callable[[], bool]]] = {
    "hold": (
        lambda payout, _: payout.creator,
        "Hold 1 payout, $80.00",
        lambda: status() == PayoutStatus.ON_HOLD,
    ),
    "release": (held, "Release 1 payout, $80.00", lambda: status() == PayoutStatus.PENDING),
    "end-cool-down": (
        cooling_down,
        "End cool-down of alice",
        lambda: not Hold.objects.filter(lifted_at=None).exists(),
    ),
    "try-again": (stuck, "Try again: alice", lambda: not Hold.objects.filter(lifted_at=None).exists()),
    "sync-account": (
        lambda payout, _: payout.creator,
        "Sync account of alice",
        lambda: CreatorPaymentAccount.objects.get().synced_at is not None,
    ),
    "replace-account": (
        lambda payout, _: payout.creator,
        "Replace account of alice",
        lambda: CreatorPaymentAccount.objects.get().replaced_at is not None,
    ),
    "retry": (
        refused,
        "Retry 1 payout, $80.00",
        lambda: Payout.objects.filter(retry_of__isnull=False).exists(),
    ),
    "cancel": (
        lambda payout, _: payout,
        "Cancel 1 payout, $80.00",
        lambda: status() == PayoutStatus.CANCELLED,
    ),
    "reverse": (sent, "Reverse 1 payout, $80.00", lambda: status() == PayoutStatus.REVERSED),
    "withdraw": (
        reversal_refused,
        "Withdraw reversal of 1 payout, $80.00",
        lambda: status() == PayoutStatus.IN_TRANSIT,
    ),
    "settle": (gone, "Mark as paid: 1 payout, $80.00", lambda: status() == PayoutStatus.PAID),
    "sync": (sent, "Sync ", lambda: status() == PayoutStatus.IN_TRANSIT),
    "release-run": (too_large, "Release ", lambda: not SendingPause.objects.filter(lifted_at=None).exists()),
    "retry-refused": (
        refused_alike,
        "Retry 1 payout, $80.00",
        lambda: Payout.objects.filter(retry_of__isnull=False).exists(),
    ),
    "recover": (
        forgotten,
        "Take over 1 payment, $80.00",
        lambda: Payout.objects.get().attempts.get().stripe_id != "" and not selectors.behind_stripe(),
    ),
    "ignore-installation": (
        paid_by_another,
        "Ignore ",
        lambda: IgnoredInstallation.objects.get().ignored_by == "erin via console",
    ),
    "ask-again": (
        not_opened,
        "Ask Stripe again about ",
        lambda: OpeningRefusal.objects.get().mended_at is not None,
    ),
}
# What some acts have to be told besides the reason, and what they say once they are done.
FIELDS: dict[str, dict[str, str]] = {"ignore-installation": {"installation": OTHER}}
TOLD = {
    "recover": "1 payment taken over.",
    "ignore-installation": f"Payments of {OTHER} are ignored.",
    "ask-again": "Stripe accepts it now.",
}


def test_every_act_on_payouts_and_creators_is_tried_here() -> None:
    modules = {f"console.acts.{name}" for name in ("creators", "payouts", "refusals", "onboarding")}
    assert {act.name for act in all_acts() if type(act).__module__ in modules} <= ACTS.keys()


@pytest.mark.parametrize("name", ACTS)
def test_an_act_is_offered_when_possible_and_permitted_and_done_once(
    name: str, payout: Payout, sandbox: Stripe, client: Client
) -> None:
    prepare, button, is_done = ACTS[name]
    act = act_named(name)
    assert act
    obj = prepare(payout, sandbox)
    address = dialog_of(name, obj)
    users = {user_in(group): group in WHO_MAY[act.right] for group in StaffGroup}
    for user, may in {UserFactory.create(is_superuser=True): False, **users}.items():
        client.force_login(user)
        forged = client.post(address, {"token": str(uuid4()), "seen": "", "reason": ""})
        assert forged.status_code == (HTTPStatus.UNPROCESSABLE_ENTITY if may else HTTPStatus.FORBIDDEN), user
    client.force_login(user_in(StaffGroup.VIEWER))
    assert f'href="{address}"' not in client.get(page_of(obj)).content.decode()

    erin = UserFactory.create(username="erin", rights=[act.right])
    client.force_login(erin)
    assert f'href="{address}"' in client.get(page_of(obj)).content.decode()
    form, page = open_dialog(client, address), client.get(address).content.decode()
    if fields := FIELDS.get(name):
        form |= fields
        page = client.post(address, form).content.decode()
        form |= hidden(page)
    assert button in page
    first, second = client.post(address, form), client.post(address, form)
    assert (first.status_code, second.status_code) == (HTTPStatus.SEE_OTHER, HTTPStatus.SEE_OTHER), (
        first.content
    )
    assert is_done()
    assert TOLD.get(name, "") in messages_in(client, second)
    assert Payout.objects.filter(retry_of__isnull=False).count() <= 1
    recorded = RecordedAct.objects.filter(via=Via.CONSOLE).exclude(kind=Kind.LOG_IN)
    assert {(row.user, row.reason) for row in recorded} == {(erin, WHY)}
    assert len(recorded) == 1
    assert without_their_act(WHY) == []


def test_a_retry_that_the_run_would_refuse_is_refused_before_it_is_confirmed(
    payout: Payout, sandbox: Stripe, client: Client
) -> None:
    refused(payout, sandbox)
    interventions.hold_creator(payout.creator, act=BY_STAFF, now=sql.now())
    client.force_login(UserFactory.create(rights=[Right.RETRY_PAYOUT]))
    answer = client.get(dialog_of("retry", payout))
    assert answer.status_code == HTTPStatus.CONFLICT
    assert "A new payout can&#x27;t be made now: on hold." in answer.content.decode()


def test_several_payouts_are_cancelled_by_one_dialog(payout: Payout, market: Market, client: Client) -> None:
    bob = market.payout(market.creator("bob"))
    send_transfer(payout.pk, now=sql.now())
    client.force_login(UserFactory.create(rights=[Right.CANCEL_PAYOUT]))
    chosen = {"action": "cancel", "_selected_action": [str(payout.pk), str(bob.pk)]}
    address = client.post(list_of(Payout), chosen).headers["Location"]
    assert "This one is in transit." in client.get(address).content.decode()
    assert confirm(client, address).status_code == HTTPStatus.SEE_OTHER
    bob.refresh_from_db()
    assert (status(), bob.status) == (PayoutStatus.IN_TRANSIT, PayoutStatus.CANCELLED)
