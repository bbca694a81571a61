"""`/metrics`: the tables' figures at each scrape, for authorized clients."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from accounts.models import AccountStatus
from database import sql
from database.staff import Act
from earnings.models import Reason
from earnings.services.catalog import CatalogEntry, register_apis
from money import Money
from payouts.models import DifferenceKind
from payouts.services import differences
from payouts.services.deciding import forecasts, funds
from payouts.states import PayoutStatus
from revenue import services
from stripe_io.services import store_event
from tests.database.limits import limit_connections
from tests.factories import CreatorPaymentAccountFactory, PayoutEventFactory, PayoutFactory
from tests.local_stripe import Stripe
from tests.payouts.market import Market

TOKEN = "a-token-for-prometheus"
ELSEWHERE = "203.0.113.7"


def scrape() -> dict[tuple[str, str], float]:
    """Read all samples: by name and the value of its label."""
    answer = Client().get("/metrics")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, "".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


@pytest.fixture
def market(db: None) -> Market:
    return Market()


def test_the_five_figures_are_what_the_tables_say(
    market: Market, sandbox: Stripe, settle: Callable[[], None]
) -> None:
    alice = market.creator("alice", account=None)
    market.onboard(alice)
    market.creator("bob", account=AccountStatus.RESTRICTED)
    market.sell(alice, 100_00)
    market.run()
    settle()
    market.sell(alice, 50_00, at=f"{sql.now():%Y-%m}-01T00:00:00Z")
    services.refresh_stale(now=sql.now())
    PayoutEventFactory.create(
        payout=PayoutFactory.create(status=PayoutStatus.FAILED), to_status=PayoutStatus.FAILED, at=sql.now()
    )
    market.arrive("charge", alice, 10_00)
    sql.run(
        "UPDATE billing_batches SET received_at = received_at - interval '1 hour' WHERE posted_at IS NULL"
    )
    samples = scrape()
    assert 0 < samples["payouts_oldest_stripe_account_seconds", ""] < 3600
    accounts = {status.value: samples["payouts_stripe_accounts", status] for status in AccountStatus}
    assert accounts == dict.fromkeys(AccountStatus.values, 0) | {"active": 1, "restricted": 1}
    assert samples["payouts_month_volume_minor_units", "USD"] == 80_00
    assert samples["payouts_month_revenue_minor_units", "USD"] == 10_00
    assert samples["payouts_failed_ratio", ""] == 0.5
    assert 3_600 <= samples["payouts_earnings_lag_seconds", ""] < 3_660
    assert samples["payouts_unposted_batches", ""] == 1


@pytest.mark.django_db
def test_on_an_empty_database_every_figure_is_there_and_zero() -> None:
    others = ("heartbeat", "connections")
    samples = {key: value for key, value in scrape().items() if not any(word in key[0] for word in others)}
    assert samples.pop(("payouts_redis_up", "")) == 1
    assert set(samples.values()) == {0}
    assert {label for name, label in samples if name == "payouts_payouts"} == set(PayoutStatus.values)
    assert {label for name, label in samples if name == "payouts_quarantined_records"} == set(Reason.values)


def test_a_set_aside_batch_is_counted_separately_and_is_no_lag(market: Market) -> None:
    market.arrive("charge", market.creator("alice"), 10_00)
    sql.run("UPDATE billing_batches SET received_at = received_at - interval '1 hour'")
    assert scrape()["payouts_earnings_lag_seconds", ""] >= 3_600
    sql.run("UPDATE billing_batches SET set_aside_at = now(), set_aside_reason = 'bigint out of range'")
    samples = scrape()
    assert samples["payouts_batches_set_aside", ""] == 1
    assert samples["payouts_unposted_batches", ""] == 0
    assert samples["payouts_earnings_lag_seconds", ""] == 0


def test_waiting_records_are_counted_with_their_age(market: Market) -> None:
    now = sql.now()
    PayoutFactory.create(next_retry_at=now - timedelta(hours=2))
    PayoutFactory.create(next_retry_at=now - timedelta(hours=1))
    PayoutFactory.create(next_retry_at=now + timedelta(hours=1), status=PayoutStatus.PROCESSING)
    store_event({"id": "evt_1", "type": "payout.paid", "livemode": False})
    sql.run("UPDATE stripe_inbox SET received_at = received_at - interval '10 minutes'")
    samples = scrape()
    assert samples["payouts_payouts", "pending"] == 2
    assert samples["payouts_payouts", "processing"] == 1
    assert 7_200 <= samples["payouts_oldest_due_seconds", ""] < 7_260
    assert samples["payouts_unhandled_events", ""] == 1
    assert 600 <= samples["payouts_oldest_unhandled_event_seconds", ""] < 660


@pytest.mark.django_db
def test_unfinished_payouts_that_do_not_move_for_a_week_are_counted() -> None:
    now = sql.now()
    for status, days in [
        (PayoutStatus.PENDING, 8),
        (PayoutStatus.IN_TRANSIT, 8),
        (PayoutStatus.IN_TRANSIT, 6),
        (PayoutStatus.ON_HOLD, 8),
        (PayoutStatus.PAID, 8),
    ]:
        payout = PayoutFactory.create(status=status, created_at=now - timedelta(days=30))
        PayoutEventFactory.create(payout=payout, to_status=status, at=now - timedelta(days=days))
    assert scrape()["payouts_stuck", ""] == 2


def test_pauses_and_missing_funds_are_shown(market: Market, sandbox: Stripe) -> None:
    market.sell(market.creator("alice"), 20_000_000_00)
    forecasts.make_forecast(now=sql.now())
    bob = CreatorPaymentAccountFactory.create().creator
    PayoutFactory.create(creator=bob, currency="EUR", next_retry_at=sql.now())
    funds.update_pauses(now=sql.now())
    samples = scrape()
    assert samples["payouts_forecast_needed_minor_units", "USD"] == 16_000_000_00
    assert samples["payouts_forecast_missing_minor_units", "USD"] == 6_000_000_00
    assert samples["payouts_sending_paused", "short"] == 1
    assert samples["payouts_sending_paused", "key_refused"] == 0
    assert samples["payouts_missing_minor_units", "EUR"] == 80_00


@pytest.mark.django_db
def test_the_remaining_connections_are_shown() -> None:
    limit_connections(20)
    samples = scrape()
    assert samples["payouts_database_connections", "used"] == 1
    assert samples["payouts_database_connections", "available"] == 19


@pytest.mark.django_db
class TestAccess:
    @pytest.fixture(autouse=True)
    def token(self, settings: Settings) -> None:
        settings.METRICS_TOKEN = TOKEN

    @pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
    def test_this_machine_needs_no_token(self, address: str) -> None:
        assert Client(REMOTE_ADDR=address).get("/metrics").status_code == 200

    @pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
    def test_a_proxy_on_this_machine_is_not_this_machine(self, header: str) -> None:
        answer = Client(REMOTE_ADDR="127.0.0.1").get("/metrics", headers={header: "127.0.0.1"})
        assert answer.status_code == 401

    @pytest.mark.parametrize("header", ["X-Forwarded-Proto", "Via", "CF-Connecting-IP", "Accept"])
    def test_behind_https_this_machine_needs_the_token_too(self, settings: Settings, header: str) -> None:
        settings.PUBLIC_URL = "https://payouts.example.com"
        here = Client(REMOTE_ADDR="127.0.0.1")
        assert here.get("/metrics", headers={header: "https"}).status_code == 401
        assert here.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200

    @pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
    def test_from_elsewhere_the_token_is_needed(self, scheme: str) -> None:
        answer = Client(REMOTE_ADDR=ELSEWHERE).get("/metrics", headers={"Authorization": f"{scheme} {TOKEN}"})
        assert answer.status_code == 200

    @pytest.mark.parametrize(
        "given", ["", "Bearer", "Bearer ", "Bearer ÿ", f"Bearer {TOKEN}x", f"Basic {TOKEN}", TOKEN]
    )
    def test_nothing_else_does(self, given: str) -> None:
        answer = Client(REMOTE_ADDR=ELSEWHERE).get("/metrics", headers={"Authorization": given})
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"] == "Bearer"
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["code"] == "not_authenticated"

    @pytest.mark.parametrize("given", ["Bearer", "Bearer ", ""])
    def test_without_a_token_nobody_else_gets_in(self, settings: Settings, given: str) -> None:
        settings.METRICS_TOKEN = ""
        answer = Client(REMOTE_ADDR=ELSEWHERE).get("/metrics", headers={"Authorization": given})
        assert answer.status_code == 401


@pytest.mark.django_db
def test_without_redis_the_tables_figures_are_still_shown(settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    samples = scrape()
    assert samples["payouts_redis_up", ""] == 0
    assert samples["payouts_payouts", "paid"] == 0
    assert not [name for name, _ in samples if "heartbeat" in name]


@pytest.mark.django_db
def test_ownership_changes_of_selling_apis_are_shown_for_a_month(market: Market) -> None:
    alice = market.creator("alice")
    market.creator("bob")
    entries = [CatalogEntry("api-alice", "", "eve"), CatalogEntry("api-bob", "", "eve")]
    market.sell(alice, 50_00)
    register_apis(entries, now=sql.now())
    samples = scrape()
    assert samples["payouts_recent_owner_changes", ""] == 1
    assert samples["payouts_unassigned_apis", ""] == 2
    sql.run("SET LOCAL session_replication_role = replica")  # time passes, though history is never changed
    sql.run("UPDATE api_changes SET created_at = created_at - interval '31 days'")
    assert scrape()["payouts_recent_owner_changes", ""] == 0


def test_open_differences_are_shown_by_kind_and_age(db: None) -> None:
    now = sql.now()
    for kind, subject in (("unknown_transfer", "tr_1"), ("unreadable", "tr_2"), ("unreadable", "tr_3")):
        found = differences.open_difference(
            DifferenceKind(kind),
            subject=subject,
            amount=Money(5_00, "USD"),
            detail="",
            now=now - timedelta(hours=1),
        )
    differences.resolve_difference(found.pk, act=Act("dana", "explained"), now=now)
    samples = scrape()
    assert samples["payouts_open_differences", "unknown_transfer"] == 1
    assert samples["payouts_open_differences", "unreadable"] == 1
    assert samples["payouts_open_differences", "missing_transfer"] == 0
    assert 3600 <= samples["payouts_oldest_difference_seconds", ""] < 3700
