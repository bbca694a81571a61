"""Each invalid value is refused in a sentence that names its variable."""

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from payouts_project import configuration

Read = Callable[[str], Any]
READERS: dict[str, Read] = {
    "SECRET_KEY": partial(configuration.secret, minimum_length=32),
    "PUBLIC_URL": partial(configuration.url, default="http://localhost:8086"),
    "PAYOUT_DAY": partial(configuration.integer, default=1, lowest=1, highest=28),
    "FORECAST_ALERT_DAYS": partial(configuration.integer, default=5, lowest=0, highest=31),
    "PREVIOUS_PAYOUT_DAYS": partial(configuration.integer, default=10, lowest=0, highest=365),
    "PAYOUT_COOL_DOWN_HOURS": partial(configuration.integer, default=48, lowest=0, highest=720),
    "APPROVAL_WAIT_HOURS": partial(configuration.integer, default=24, lowest=0, highest=720),
    "ACCOUNT_CHECK_MINUTES": partial(configuration.integer, default=60, lowest=0, highest=1_440),
    "STUCK_PAYOUT_DAYS": partial(configuration.integer, default=7, lowest=1, highest=365),
    "LARGE_PAYOUT_WAIT_DAYS": partial(configuration.integer, default=3, lowest=0, highest=365),
    "RUN_SIZE_FACTOR": partial(configuration.integer, default=5, lowest=0, highest=1_000),
    "RUN_SIZE_RUNS": partial(configuration.integer, default=6, lowest=3, highest=60),
    "SESSION_HOURS": partial(configuration.integer, default=12, lowest=1, highest=168),
    "SESSION_IDLE_MINUTES": partial(configuration.integer, default=60, lowest=2, highest=10_080),
    "PLATFORM_COUNTRY": partial(configuration.country, default="US"),
    "DEFAULT_CURRENCY": partial(configuration.currency, default="USD"),
    "MINIMUM_PAYOUT": partial(configuration.minimum_payout, default="USD:2500"),
    "BANK_STATEMENT_DESCRIPTOR": configuration.statement_descriptor,
    "DATABASE_URL": configuration.database,
    "REDIS_URL": configuration.redis,
    "STRIPE_SECRET_KEY": configuration.stripe_key,
    "STRIPE_WEBHOOK_SECRET": configuration.webhook_secrets,
    "STRIPE_ACCOUNTS": partial(configuration.one_of, default="v2", choices=("v1", "v2")),
    "STRIPE_COUNTRIES": partial(configuration.by_country, choices=("full", "recipient", "no")),
    "EMAIL_URL": partial(configuration.email, default="consolemail://"),
    "DEBUG": partial(configuration.boolean, default=True),
    "LOG_LEVEL": partial(configuration.log_level, default="INFO"),
}
REQUIRED = ["SECRET_KEY", "DATABASE_URL", "REDIS_URL", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"]
BAD = {
    "SECRET_KEY": ["", "short", "x" * 31],
    "PUBLIC_URL": ["", "localhost:8086", "/relative", "ftp://host", "https://", "http://[::1", "http://host:port"],
    "PAYOUT_DAY": ["", "0", "29", "-1", "1.5", "first", " 1", "²", "9" * 5000],
    "FORECAST_ALERT_DAYS": ["", "-1", "32", "5d"],
    "PREVIOUS_PAYOUT_DAYS": ["", "-1", "366", "10d"],
    "PAYOUT_COOL_DOWN_HOURS": ["", "-1", "721", "48h"],
    "APPROVAL_WAIT_HOURS": ["", "-1", "721", "24h"],
    "ACCOUNT_CHECK_MINUTES": ["", "-1", "1441", "1h"],
    "STUCK_PAYOUT_DAYS": ["", "0", "366", "7d"],
    "LARGE_PAYOUT_WAIT_DAYS": ["", "-1", "366", "3d"],
    "RUN_SIZE_FACTOR": ["", "-1", "1001", "5x"],
    "RUN_SIZE_RUNS": ["", "2", "61", "half a year"],
    "SESSION_HOURS": ["", "0", "169", "12h"],
    "SESSION_IDLE_MINUTES": ["", "0", "1", "10081", "1h"],
    "PLATFORM_COUNTRY": ["", "us", "USA", "XX", "Atlantis"],
    "DEFAULT_CURRENCY": ["", "usd", "US", "XXX", "XAU", "BGN", "dollars"],
    "MINIMUM_PAYOUT": [
        "", "2500", "USD", "USD:", "USD:0", "USD:-1", "USD:25.00", "usd:2500", "XXX:1", "USD:2500,", ":1", "USD:²",
        "BGN:1", "USD:1:2", "USD:2500,USD:1", "USD:1000000000000", "USD:" + "9" * 19,
    ],
    "BANK_STATEMENT_DESCRIPTOR": ["acme", "ACME*", "ÄCME", " ACME", "ACME ", "A" * 23],
    "DATABASE_URL": ["", "sqlite:///x.db", "mysql://u@h/d", "nonsense", "postgresql://u:p@host:port/d"],
    "REDIS_URL": ["", "localhost:6379", "http://localhost", "amqp://localhost", "redis://[::1"],
    "STRIPE_SECRET_KEY": ["", "pk_test_1", "whsec_1", "sk_1", "sk_test_"],
    "STRIPE_WEBHOOK_SECRET": ["", ",", "whsec_", "whsec_1,", "whsec_1,,whsec_2", "sk_test_1", "whsec_1,whsec_"],
    "STRIPE_ACCOUNTS": ["", "v3", "V2", "2"],
    "STRIPE_COUNTRIES": ["MY", "my:full", "XX:full", "MY:maybe", "MY:full,MY:no", "MY:full;TW:no"],
    "EMAIL_URL": ["", "nonsense", "http://host", "smtp://host:port"],
    "DEBUG": ["maybe", "2", "None"],
    "LOG_LEVEL": ["", "loud", "7"],
}  # fmt: skip
GOOD: list[tuple[str, str, Any]] = [
    ("PUBLIC_URL", "https://payouts.example.com/", "https://payouts.example.com"),
    ("PUBLIC_URL", "http://[::1]:8086", "http://[::1]:8086"),
    ("PAYOUT_DAY", "28", 28),
    ("DEBUG", "true", True),
    ("DEBUG", "1", True),
    ("DEBUG", "off", False),
    ("DEBUG", "", False),
    ("LOG_LEVEL", "debug", "DEBUG"),
    ("PLATFORM_COUNTRY", "DE", "DE"),
    ("DEFAULT_CURRENCY", "EUR", "EUR"),
    ("MINIMUM_PAYOUT", "USD:2500, EUR:2000", {"USD": 2500, "EUR": 2000}),
    ("REDIS_URL", "rediss://host:6380/1", "rediss://host:6380/1"),
    ("STRIPE_SECRET_KEY", "rk_live_1", "rk_live_1"),
    ("STRIPE_WEBHOOK_SECRET", "whsec_1, whsec_2", ["whsec_1", "whsec_2"]),
    ("STRIPE_ACCOUNTS", "v1", "v1"),
    ("STRIPE_COUNTRIES", "MY:recipient, TW:no", {"MY": "recipient", "TW": "no"}),
    ("STRIPE_COUNTRIES", "", {}),
]


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in BAD.items() for value in values]
)
def test_a_value_that_cannot_be_used_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=f"^(One of )?{name} .*\\.$"):
        READERS[name](name)


def test_a_retired_currency_is_refused_with_its_last_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINIMUM_PAYOUT", "USD:2500,BGN:4000")
    with pytest.raises(ImproperlyConfigured, match="names BGN, which ended on 31 January 2026"):
        READERS["MINIMUM_PAYOUT"]("MINIMUM_PAYOUT")


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_variable_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv(name, raising=False)
    with pytest.raises(ImproperlyConfigured, match=f"^{name} is not set"):
        READERS[name](name)


@pytest.mark.parametrize("name", sorted(set(BAD) - set(REQUIRED) - {"STRIPE_COUNTRIES"}))
def test_an_optional_variable_has_a_default(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv(name, raising=False)
    assert READERS[name](name) is not None


@pytest.mark.parametrize(("name", "value", "read"), GOOD)
def test_a_value_is_read(monkeypatch: pytest.MonkeyPatch, name: str, value: str, read: object) -> None:
    monkeypatch.setenv(name, value)
    assert READERS[name](name) == read


@pytest.mark.parametrize("password", ["secret", "a#b", "a[b", "a%23b"])
def test_a_database_password_can_contain_special_characters(
    monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql://user:{password}@host:5433/books")
    read = configuration.database("DATABASE_URL")
    assert (read["HOST"], read["PORT"], read["NAME"], read["USER"]) == ("host", 5433, "books", "user")


def test_an_optional_database_is_read_as_psycopg_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "BILLING_DATABASE_URL"
    monkeypatch.delenv(name, raising=False)
    assert configuration.optional_database(name) is None
    monkeypatch.setenv(
        name, "postgresql://user:a%23b@host:5433/shop?sslmode=require&options=-csearch_path%3Dbilling"
    )
    assert configuration.optional_database(name) == {
        "host": "host",
        "port": 5433,
        "user": "user",
        "password": "a#b",
        "dbname": "shop",
        "sslmode": "require",
        "options": "-csearch_path=billing",
        **configuration.PATIENCE,
    }
    monkeypatch.setenv(name, "mysql://user:hunter2@host/shop")
    with pytest.raises(ImproperlyConfigured, match=f"^{name} must be a postgresql:// URL") as refused:
        configuration.optional_database(name)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("given", "read"),
    [
        # `stripe listen` has one for everything.
        (("a", None, None), ("a", "a", "a,a")),
        # Before Connect's had a variable of their own, they were the platform's second and later ones.
        (("a,b", None, None), ("a", "b", "a,b")),
        (("a,b,c", None, None), ("a", "b,c", "a,b,c")),
        (("a", "b", None), ("a", "b", "a,b")),
        (("a", "b", "c"), ("a", "b", "c")),
        (("a,d", "b,e", "c,f"), ("a,d", "b,e", "c,f")),
        (("a,b", None, "c"), ("a", "b", "c")),
    ],
)
def test_each_kind_of_endpoint_has_its_secrets(
    monkeypatch: pytest.MonkeyPatch, given: tuple[str | None, ...], read: tuple[str, ...]
) -> None:
    def secrets(letters: str) -> list[str]:
        return [f"whsec_{letter}" for letter in letters.split(",")]

    names = ("STRIPE_WEBHOOK_SECRET", "STRIPE_CONNECT_WEBHOOK_SECRET", "STRIPE_THIN_WEBHOOK_SECRET")
    for name, letters in zip(names, given, strict=True):
        monkeypatch.delenv(name, raising=False)
        if letters:
            monkeypatch.setenv(name, ",".join(secrets(letters)))
    platform, connect, thin = names
    assert configuration.secrets_by_endpoint(platform=platform, connect=connect, thin=thin) == tuple(
        map(secrets, read)
    )


@pytest.mark.parametrize("name", ["SECRET_KEY", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "DATABASE_URL"])
def test_a_refusal_does_not_show_a_secret(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "hunter2")
    with pytest.raises(ImproperlyConfigured) as refused:
        READERS[name](name)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("key", "live"), [("sk_live_1", True), ("rk_live_1", True), ("sk_test_1", False), ("rk_test_1", False)]
)
def test_a_key_reveals_its_mode(key: str, live: bool) -> None:
    assert configuration.is_live(key) is live


@pytest.mark.parametrize(("variables", "valid"), [([], False), (["B"], True), (["A", "B"], False)])
def test_one_of_two_ways_must_be_chosen(
    variables: list[str], valid: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in variables:
        monkeypatch.setenv(name, "x")
    refusal = pytest.raises(ImproperlyConfigured, match="Exactly one of A and B")
    with nullcontext() if valid else refusal:
        configuration.exactly_one_of("A", "B")


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (None, ["https://portal.example"]),
        ("", ["https://portal.example"]),
        ("https://a.example, http://localhost:3000", ["https://a.example", "http://localhost:3000"]),
    ],
)
def test_origins_default_to_the_portals(
    value: str | None, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if value is not None:
        monkeypatch.setenv("CORS_ORIGINS", value)
    assert configuration.origins("CORS_ORIGINS", default="https://portal.example/creators") == read


@pytest.mark.parametrize(
    "value", ["*", "portal.example", "https://a.example/path", "https://a.example,", "ftp://a"]
)
def test_an_invalid_origin_is_refused(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORS_ORIGINS", value)
    with pytest.raises(ImproperlyConfigured, match="CORS_ORIGINS"):
        configuration.origins("CORS_ORIGINS", default="https://portal.example")


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment without any of the service's variables, restored afterwards."""
    for name in [*configuration.FROM_FILES, "LOCAL_MODE", "PORT"]:
        for variable in (name, f"{name}_FILE"):
            # Set first, so that the values set by `load` are undone too.
            monkeypatch.setenv(variable, "")
            monkeypatch.delenv(variable)


def loaded(local_env: Path, *names: str) -> list[str | None]:
    configuration.load(local_env)
    return [os.environ.get(name) for name in names]


@pytest.mark.usefixtures("bare")
class TestLoading:
    """Values come from the environment, then from files that it names, then from local mode's file."""

    def test_without_any_configuration_it_says_what_to_do(self, tmp_path: Path) -> None:
        with pytest.raises(ImproperlyConfigured, match="Run `make up` first"):
            configuration.load(tmp_path / "absent")

    def test_local_mode_fills_what_is_missing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        local = tmp_path / "env"
        local.write_text("DATABASE_URL=postgresql://local\nSECRET_KEY=a=b\nREDIS_URL=redis://local\n")
        monkeypatch.setenv("REDIS_URL", "redis://mine")
        assert loaded(local, "DATABASE_URL", "SECRET_KEY", "REDIS_URL") == [
            "postgresql://local",
            "a=b",
            "redis://mine",
        ]

    def test_with_your_own_database_local_modes_keys_are_not_used(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A real database is never used with the sandbox's keys, or in local mode."""
        local = tmp_path / "env"
        local.write_text(
            "DATABASE_URL=postgresql://local\nLOCAL_MODE=1\nSTRIPE_SECRET_KEY=sk_test_local\nSECRET_KEY=local\n"
            "JWT_SECRET=local\nREDIS_URL=redis://local\nPORT=8090\n"
        )
        monkeypatch.setenv("DATABASE_URL", "postgresql://mine")
        lent = ["LOCAL_MODE", "STRIPE_SECRET_KEY", "SECRET_KEY", "JWT_SECRET"]
        assert loaded(local, "DATABASE_URL", *lent) == ["postgresql://mine", None, None, None, None]
        assert loaded(local, "REDIS_URL", "PORT") == ["redis://local", "8090"]

    @pytest.mark.parametrize(("mode", "kept"), [("1", None), ("0", "require")])
    def test_libpqs_variables_do_not_apply_to_local_modes_database(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str, kept: str | None
    ) -> None:
        monkeypatch.setenv("DATABASE_URL", "postgresql://some")
        monkeypatch.setenv("LOCAL_MODE", mode)
        monkeypatch.setenv("PGSSLMODE", "require")
        assert loaded(tmp_path / "absent", "PGSSLMODE") == [kept]

    def test_a_file_is_read_and_trimmed(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "secret").write_text("from a file\n")
        monkeypatch.setenv("DATABASE_URL", "postgresql://mine")
        monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "secret"))
        assert loaded(tmp_path / "absent", "SECRET_KEY") == ["from a file"]

    def test_a_variable_overrides_its_file(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "secret").write_text("from a file")
        monkeypatch.setenv("DATABASE_URL", "postgresql://mine")
        monkeypatch.setenv("SECRET_KEY", "from the environment")
        monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "secret"))
        assert loaded(tmp_path / "absent", "SECRET_KEY") == ["from the environment"]

    def test_a_database_url_from_a_file_is_your_own_database(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "url").write_text("postgresql://mine")
        (tmp_path / "env").write_text("DATABASE_URL=postgresql://local\nSTRIPE_SECRET_KEY=sk_test_local\n")
        monkeypatch.setenv("DATABASE_URL_FILE", str(tmp_path / "url"))
        assert loaded(tmp_path / "env", "DATABASE_URL", "STRIPE_SECRET_KEY") == ["postgresql://mine", None]

    @pytest.mark.parametrize("content", [None, b"\xff\xfe", "a folder"])
    def test_a_file_that_cannot_be_read_is_named(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | str | None
    ) -> None:
        path = tmp_path / "secret"
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif content:
            path.mkdir()
        monkeypatch.setenv("SECRET_KEY_FILE", str(path))
        with pytest.raises(ImproperlyConfigured, match="The file named by SECRET_KEY_FILE can't be read"):
            configuration.load(tmp_path / "absent")


LIVE: dict[str, Any] = {
    "debug": False,
    "local_mode": False,
    "stripe_api_base": "https://api.stripe.com",
    "reports_to_log": False,
}


@pytest.mark.parametrize(
    ("on", "named"),
    [
        ({"debug": True}, "DEBUG"),
        ({"local_mode": True}, "LOCAL_MODE"),
        ({"stripe_api_base": "http://stripe.example"}, "STRIPE_API_BASE"),
        ({"reports_to_log": True}, "EMAIL_URL"),
    ],
)
def test_development_settings_are_refused_with_a_live_key(on: dict[str, Any], named: str) -> None:
    configuration.refuse_with_live_key(**LIVE)
    with pytest.raises(ImproperlyConfigured, match=rf"^{named} .*\.$"):
        configuration.refuse_with_live_key(**{**LIVE, **on})


@pytest.mark.parametrize("variable", ["DEBUG", "LOCAL_MODE", "REPORT_EMAIL"])
@pytest.mark.parametrize("live", [True, False])
def test_the_service_refuses_to_start_with_a_sentence(variable: str, live: bool) -> None:
    variables = {
        "LOCAL_MODE": "0",
        "STRIPE_SECRET_KEY": "sk_live_1" if live else "sk_test_1",
        variable: "dana@example.com" if variable == "REPORT_EMAIL" else "1",
    }
    started = subprocess.run(
        [sys.executable, "manage.py", "diffsettings"],
        cwd=Path(__file__).parents[2],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (started.returncode == 0) is not live
    assert ("live STRIPE_SECRET_KEY" in started.stderr) is live
