"""Logging in: guesses are braked, told, and cost nobody else anything; and what a log-in gives is over in time."""

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts import tasks
from accounts.models import User
from accounts.sessions import GRAIN_SECONDS, LAST_REQUEST
from database.admin import list_of
from payouts_project import logins
from tests.answers import Answer
from tests.api import token_of
from tests.contract.test_schemathesis import CALLERS

pytestmark = pytest.mark.django_db
LOGIN = "/admin/login/"
PASSWORD = "a long password"
GUESS = "not what it is"
MINE, ANOTHER = "203.0.113.7", "198.51.100.9"
API = "/api/v1/platform/analytics"
LIMIT = 5


class CountingHasher(MD5PasswordHasher):
    """Counts how often a password was looked at."""

    algorithm = "counting"
    looks = 0

    def encode(self, password: str, salt: str) -> str:
        type(self).looks += 1
        return super().encode(password, salt)


@pytest.fixture(autouse=True)
def dana(settings: Settings, cheap_passwords: None) -> User:
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    settings.REQUESTS_PER_MINUTE = {**settings.REQUESTS_PER_MINUTE, "login": 10_000}
    return User.objects.create_user("dana", password=PASSWORD, is_staff=True)


def log_in(password: str, *, name: str = "dana", address: str = MINE, forwarded: str | None = None) -> Answer:
    given = {"username": name, "password": password}
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    return Client(headers=headers, REMOTE_ADDR=address).post(LOGIN, given)


def fail(times: int = LIMIT, **given: Any) -> list[int]:
    return [log_in(GUESS, **given).status_code for _ in range(times)]


def let_pass(span: timedelta) -> None:
    AccessAttempt.objects.update(attempt_time=F("attempt_time") - span)


def looks_at_passwords(act: Callable[[], Any]) -> int:
    before = CountingHasher.looks
    act()
    return CountingHasher.looks - before


def test_who_fails_five_times_waits_and_the_right_password_does_not_help() -> None:
    assert fail() == [200] * (LIMIT - 1) + [429]
    refused = log_in(PASSWORD)
    assert (refused.status_code, refused["Cache-Control"]) == (429, "no-store")
    assert 14 * 60 < int(refused["Retry-After"]) <= 15 * 60
    page = refused.content.decode()
    assert "Wait 15 minutes" in page
    assert "Too many attempts" in page
    assert "unfold/css/styles.css" in page
    let_pass(timedelta(minutes=10, seconds=30))
    assert "Wait 5 minutes" in log_in(PASSWORD).content.decode()
    let_pass(timedelta(minutes=5))
    assert log_in(PASSWORD).status_code == 302


def test_who_is_locked_out_is_refused_before_their_password_is_looked_at() -> None:
    assert looks_at_passwords(lambda: fail(1)) >= 1
    fail()
    assert looks_at_passwords(lambda: (log_in(PASSWORD), log_in(GUESS))) == 0


def test_a_name_longer_than_any_is_refused_like_a_wrong_one(client: Client) -> None:
    answer = client.post("/admin/login/", {"username": "d" * 5_000, "password": "guess"})
    assert answer.status_code == HTTPStatus.OK
    assert "Please enter the correct username and password" in answer.content.decode()
    assert not AccessFailureLog.objects.exists()


def test_trying_on_does_not_make_the_wait_longer() -> None:
    fail()
    let_pass(timedelta(minutes=14))
    fail(20)
    let_pass(timedelta(minutes=2))
    assert log_in(PASSWORD).status_code == 302


def test_nobody_is_locked_out_from_elsewhere_nor_with_a_colleague() -> None:
    User.objects.create_user("erin", password=PASSWORD, is_staff=True)
    fail(address=ANOTHER)
    assert log_in(PASSWORD, address=ANOTHER).status_code == 429
    assert log_in(PASSWORD).status_code == 302
    assert log_in(PASSWORD, name="erin", address=ANOTHER).status_code == 302


def test_who_gets_in_starts_anew() -> None:
    fail(LIMIT - 1)
    assert log_in(PASSWORD).status_code == 302
    assert fail(LIMIT - 1) == [200] * (LIMIT - 1)


def test_a_lock_is_of_the_name_whether_somebody_has_it_or_not() -> None:
    assert fail(name="nobody")[-1] == 429


@pytest.mark.parametrize("forwarded", ["10.0.0.{}", "nonsense{}", "{0},{0}", "'; DROP TABLE users;--{}"])
def test_nobody_evades_the_brake_by_saying_that_they_are_somebody_else(forwarded: str) -> None:
    told = [log_in(GUESS, forwarded=forwarded.format(turn)).status_code for turn in range(LIMIT)]
    assert told[-1] == 429


@pytest.mark.parametrize("made_up", ["10.0.0.{}", "nonsense{}"])
def test_behind_a_proxy_that_is_trusted_its_word_counts(settings: Settings, made_up: str) -> None:
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": 1}
    for turn in range(LIMIT):
        told = log_in(GUESS, address="10.1.1.1", forwarded=f"{made_up.format(turn)}, {MINE}").status_code
    assert told == 429
    assert log_in(PASSWORD, address="10.1.1.1", forwarded=MINE).status_code == 429
    assert log_in(PASSWORD, address="10.1.1.1", forwarded=ANOTHER).status_code == 302
    assert log_in(GUESS, address="10.1.1.1", forwarded="no address").status_code == 200


def test_without_redis_people_log_in_and_the_brake_holds(settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": settings.REDIS_URL}}
    assert log_in(PASSWORD).status_code == 302
    assert fail()[-1] == 429


def test_many_names_from_one_address_are_braked_before_any_password_is_looked_at(
    settings: Settings,
) -> None:
    settings.REQUESTS_PER_MINUTE = {**settings.REQUESTS_PER_MINUTE, "login": 3}
    address = "203.0.113.30"
    told: list[int] = []
    looks = looks_at_passwords(
        lambda: told.extend(log_in(GUESS, name=f"name-{n}", address=address).status_code for n in range(20))
    )
    assert looks <= 6  # a minute may end between
    assert told.count(429) == 20 - looks
    assert 1 <= int(log_in(GUESS, address=address)["Retry-After"]) <= 61
    assert Client(REMOTE_ADDR=address).get(LOGIN).status_code == 200


@pytest.fixture
def checking() -> Iterator[None]:
    """As many passwords are being looked at as may be at once."""
    for _ in range(logins.CHECKS_AT_ONCE):
        assert logins._checks.acquire(blocking=False)
    yield
    for _ in range(logins.CHECKS_AT_ONCE):
        logins._checks.release()


def test_no_more_than_a_few_passwords_are_looked_at_at_once(checking: None) -> None:
    told: list[int] = []
    assert looks_at_passwords(lambda: told.append(log_in(PASSWORD).status_code)) == 0
    assert told == [429]


def test_who_was_turned_away_leaves_room_for_the_next() -> None:
    fail(logins.CHECKS_AT_ONCE + 1)
    assert log_in(PASSWORD).status_code == 302


def test_each_try_is_a_line_in_the_log_without_the_password(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    fail()
    log_in(PASSWORD)
    log_in(GUESS, name="da\nna", address=ANOTHER)
    log_in(PASSWORD, address=ANOTHER)
    told = [record.getMessage() for record in caplog.records if record.name == "console.login"]
    assert told == [
        *(f"'dana' failed to log in from {MINE}: {count} of 5" for count in range(1, LIMIT + 1)),
        f"'dana' was locked out from {MINE}: too many failures",
        f"'da\\nna' failed to log in from {ANOTHER}: 1 of 5",
        f"'dana' logged in from {ANOTHER}",
    ]
    assert GUESS not in caplog.text
    assert PASSWORD not in caplog.text


def test_what_is_kept_of_a_try_has_no_password() -> None:
    fail()
    with connection.cursor() as cursor:
        for model in (AccessAttempt, AccessFailureLog):
            cursor.execute(f"SELECT row_to_json(t)::text FROM {model._meta.db_table} t")
            kept = " ".join(row[0] for row in cursor.fetchall())
            assert MINE in kept
            assert GUESS not in kept


def test_superusers_see_who_logged_in_and_who_failed(superuser: Client) -> None:
    fail()
    log_in(PASSWORD, address=ANOTHER)
    assert MINE in superuser.get(list_of(AccessFailureLog, q="dana")).content.decode()
    assert ANOTHER in superuser.get(list_of(AccessLog, q=ANOTHER)).content.decode()


def test_a_colleague_on_the_server_unlocks_by_name() -> None:
    fail()
    call_command("axes_reset_username", "dana", verbosity=0)
    assert log_in(PASSWORD).status_code == 302


def test_a_bearer_of_a_token_pays_nothing_for_any_of_it() -> None:
    browser = Client()
    browser.post(LOGIN, {"username": "dana", "password": PASSWORD})
    headers = {"Authorization": f"Bearer {token_of(CALLERS['admin'])}"}
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(API, headers=headers).status_code == 200
    assert not [query for query in queries if "axes" in query["sql"] or "django_session" in query["sql"]]


def aged(browser: Client, seconds: int) -> None:
    """Make the browser's last request lie back."""
    session = browser.session
    session[LAST_REQUEST] -= seconds
    session.save()


def writes_of(browser: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(address).status_code == 200
    return sum(query["sql"].startswith('UPDATE "django_session"') for query in queries)


@pytest.fixture
def browser() -> Client:
    client = Client(REMOTE_ADDR=ANOTHER)
    assert client.post(LOGIN, {"username": "dana", "password": PASSWORD}).status_code == 302
    return client


def test_a_session_lasts_twelve_hours_and_requests_do_not_put_its_end_off(browser: Client) -> None:
    cookie = browser.cookies["sessionid"]
    assert 12 * 3_600 - 60 < int(cookie["max-age"]) <= 12 * 3_600
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    ends = Session.objects.get().expire_date
    aged(browser, GRAIN_SECONDS)
    assert writes_of(browser, "/admin/") == 1
    assert Session.objects.get().expire_date == ends
    Session.objects.update(expire_date=timezone.now())
    assert browser.get("/admin/").status_code == 302


@pytest.mark.parametrize(("address", "over"), [("/admin/", 302), (API, 401)])
def test_a_session_is_over_after_an_hour_without_a_request(browser: Client, address: str, over: int) -> None:
    aged(browser, 3_600 - 60)
    assert browser.get(address).status_code == 200
    aged(browser, 3_600 + 60)
    assert browser.get(address).status_code == over
    assert not Session.objects.exists()


@pytest.mark.parametrize("address", ["/admin/", API])
def test_a_session_is_written_once_a_minute_at_most(browser: Client, address: str) -> None:
    assert [writes_of(browser, address) for _ in range(3)] == [0, 0, 0]
    aged(browser, GRAIN_SECONDS)
    assert [writes_of(browser, address) for _ in range(3)] == [1, 0, 0]


def test_a_session_that_does_not_know_when_it_was_used_is_over(browser: Client) -> None:
    session = browser.session
    del session[LAST_REQUEST]
    session.save()
    assert browser.get("/admin/").status_code == 302


def test_how_long_a_session_lasts_can_be_set(settings: Settings) -> None:
    settings.SESSION_COOKIE_AGE, settings.SESSION_IDLE = 3_600, timedelta(minutes=2)
    client = Client(REMOTE_ADDR=ANOTHER)
    client.post(LOGIN, {"username": "dana", "password": PASSWORD})
    assert int(client.cookies["sessionid"]["max-age"]) <= 3_600
    aged(client, 121)
    assert client.get("/admin/").status_code == 302


def test_what_is_over_and_long_ago_is_forgotten(browser: Client) -> None:
    fail(1)
    tasks.forget_logins()
    assert [model.objects.count() for model in (Session, AccessLog, AccessFailureLog)] == [1, 1, 1]
    Session.objects.update(expire_date=timezone.now())
    for model in (AccessLog, AccessFailureLog):
        model.objects.update(attempt_time=timezone.now() - timedelta(days=401))
    tasks.forget_logins()
    assert [model.objects.count() for model in (Session, AccessLog, AccessFailureLog)] == [0, 0, 0]
