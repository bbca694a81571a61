"""Read and check the environment for `settings.py`: every refusal is a sentence that names the variable."""

import logging
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
import pycountry
from django.core.exceptions import ImproperlyConfigured

from money import LARGEST_AMOUNT, currencies

# What may come from a file instead (`NAME_FILE`), as mounted secrets do.
FROM_FILES = (
    "BILLING_DATABASE_URL",
    "CELERY_BROKER_URL",
    "DATABASE_URL",
    "EMAIL_URL",
    "JWT_SECRET",
    "METRICS_TOKEN",
    "REDIS_URL",
    "SECRET_KEY",
    "STRIPE_SECRET_KEY",
    "STRIPE_WEBHOOK_SECRET",
)
# With a DATABASE_URL of one's own, only these may still come from local mode's file: a real database never
# meets the sandbox's keys.
SHAREABLE = frozenset({"REDIS_URL", "PORT"})
YES = frozenset({"1", "true", "yes", "on"})
NO = frozenset({"0", "false", "no", "off", ""})
# How long to wait for a database that can't be reached, or went away; `DATABASE_URL?connect_timeout=…` says otherwise.
PATIENCE = {"connect_timeout": 5, "tcp_user_timeout": 10_000}  # seconds, milliseconds: libpq's own units
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
LARGEST = 10**15  # minor units; far below what a sum of amounts could overflow
# wsgi.py sets it, before the settings are read.
serves_web = False


def load(local_env: Path) -> None:
    """Fill the process environment from `NAME_FILE` variables, then from local mode's file.

    In local mode, libpq's own variables (PGSSLMODE, PGSERVICE, PGOPTIONS, …) are forgotten: they are meant for another
    server. Beside a DATABASE_URL of one's own they count for what it leaves open.
    """
    for name in FROM_FILES:
        path = os.environ.get(f"{name}_FILE")
        if path and not os.environ.get(name):
            os.environ[name] = _file_content(f"{name}_FILE", Path(path))
    own_database = "DATABASE_URL" in os.environ
    if not local_env.exists() and not own_database:
        raise ImproperlyConfigured(
            "Nothing is configured, and no local servers are running. Run `make up` first, or set DATABASE_URL, "
            "REDIS_URL, SECRET_KEY, STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET and JWT_JWKS_URL or JWT_SECRET."
        )
    for line in local_env.read_text().splitlines() if local_env.exists() else []:
        name, separator, value = line.partition("=")
        if separator and (not own_database or name in SHAREABLE):
            os.environ.setdefault(name, value)
    if boolean("LOCAL_MODE", default=False):
        for name in [name for name in os.environ if name.startswith("PG")]:
            del os.environ[name]


def _file_content(name: str, path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(f"The file named by {name} can't be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ImproperlyConfigured(f"The file named by {name} can't be read: it is not UTF-8.") from error


def required(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. .env.example explains it.")
    return value


def secret(name: str, *, minimum_length: int) -> str:
    value = required(name)
    if len(value) < minimum_length:
        raise ImproperlyConfigured(f"{name} must have at least {minimum_length} characters.")
    return value


def url(name: str, *, default: str) -> str:
    """Read an absolute http(s) address; a trailing slash is dropped."""
    value = os.environ.get(name, default).rstrip("/")
    if _scheme(value) not in {"http", "https"} or not urlsplit(value).netloc:
        raise ImproperlyConfigured(f"{name} must be an absolute http or https URL, not {value!r}.")
    return value


def optional_secret(name: str, *, minimum_length: int) -> str:
    return secret(name, minimum_length=minimum_length) if os.environ.get(name) else ""


def optional_url(name: str) -> str:
    return url(name, default="") if os.environ.get(name) else ""


def origins(name: str, *, default: str) -> list[str]:
    """Read `https://a.example,https://b.example`; the default may have a path, which is dropped."""
    if not os.environ.get(name):
        return [_origin(default)]
    read = [part.strip() for part in os.environ[name].split(",")]
    for origin in read:
        if _scheme(origin) not in {"http", "https"} or origin != _origin(origin):
            raise ImproperlyConfigured(f"{name} must list origins such as https://host, not {origin!r}.")
    return read


def integer(name: str, *, default: int, lowest: int, highest: int) -> int:
    value = os.environ.get(name, str(default))
    if not _is_count(value) or not lowest <= int(value) <= highest:
        raise ImproperlyConfigured(
            f"{name} must be a whole number from {lowest} to {highest}, not {value!r}."
        )
    return int(value)


def country(name: str, *, default: str) -> str:
    value = os.environ.get(name, default)
    if not value.isupper() or pycountry.countries.get(alpha_2=value) is None:
        raise ImproperlyConfigured(f"{name} must be an ISO 3166 country code such as US, not {value!r}.")
    return value


def currency(name: str, *, default: str) -> str:
    value = os.environ.get(name, default)
    _refuse_ended(name, value)
    if not currencies.is_current(value):
        raise ImproperlyConfigured(f"{name} must be an ISO 4217 currency such as USD, not {value!r}.")
    return value


def minimum_payout(name: str, *, default: str) -> dict[str, int]:
    """Read `USD:2500,EUR:2000`: the smallest payout per currency, in minor units."""
    minimums: dict[str, int] = {}
    for part in os.environ.get(name, default).split(","):
        code, _, amount = part.strip().partition(":")
        _refuse_ended(name, code)
        usable = currencies.is_current(code) and code not in minimums
        if not usable or not _is_count(amount) or not 1 <= int(amount) <= LARGEST_AMOUNT:
            raise ImproperlyConfigured(f"{name} must look like USD:2500,EUR:2000, not {part.strip()!r}.")
        minimums[code] = int(amount)
    return minimums


def rates(name: str, *, defaults: dict[str, int]) -> dict[str, int]:
    """Read `read:600,push:1200`: a count per minute by scope; what isn't named keeps its default."""
    chosen = dict(defaults)
    for part in filter(None, os.environ.get(name, "").split(",")):
        scope, _, count = part.strip().partition(":")
        if scope not in defaults or not _is_count(count) or int(count) < 1:
            scopes = ", ".join(defaults)
            raise ImproperlyConfigured(
                f"{name} must look like read:600, with one of the scopes {scopes}, not {part.strip()!r}."
            )
        chosen[scope] = int(count)
    return chosen


def database(name: str) -> dict[str, Any]:
    value = required(name)
    refusal = f"{name} must be a postgresql:// URL. Other databases are not supported."
    if value.partition("://")[0] not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(refusal)
    try:
        config: dict[str, Any] = environ.Env.db_url_config(value)
    except ValueError as error:
        raise ImproperlyConfigured(refusal) from error
    return {**config, "OPTIONS": {**PATIENCE, **config.get("OPTIONS", {})}}


def pool(name: str) -> dict[str, Any]:
    """Read how many threads the web has; return a pool of as many connections, so that none waits for another.

    A connection that nobody needed for two seconds is closed, but for the last. While the database is away, requests
    wait for it no longer than that either. (No `max_waiting`: the pool counts who has given up for ever.)
    """
    required(name)
    threads = integer(name, default=1, lowest=1, highest=512)
    return {"min_size": 1, "max_size": threads, "max_idle": 2, "timeout": 2, "reconnect_timeout": 2}


def optional_database(name: str) -> dict[str, Any] | None:
    """Read how to connect to a database that isn't Django's, in psycopg's words; None if it is not set."""
    if not os.environ.get(name):
        return None
    config = database(name)
    return {
        "host": config["HOST"],
        "port": config["PORT"],
        "user": config["USER"],
        "password": config["PASSWORD"],
        "dbname": config["NAME"],
        **config.get("OPTIONS", {}),
    }


def email(name: str, *, default: str) -> dict[str, Any]:
    try:
        config: dict[str, Any] = environ.Env.email_url_config(os.environ.get(name, default))
    except (ImproperlyConfigured, ValueError) as error:
        raise ImproperlyConfigured(
            f"{name} must be a URL such as smtp+tls://user:password@host:587."
        ) from error
    return config


def boolean(name: str, *, default: bool) -> bool:
    value = os.environ.get(name, str(default)).lower()
    if value not in {*YES, *NO}:
        raise ImproperlyConfigured(f"{name} must be 1 or 0, not {value!r}.")
    return value in YES


def log_level(name: str, *, default: str) -> str:
    value = os.environ.get(name, default).upper()
    if value not in logging.getLevelNamesMapping():
        raise ImproperlyConfigured(f"{name} must be DEBUG, INFO, WARNING or ERROR, not {value!r}.")
    return value


def redis(name: str) -> str:
    value = required(name)
    if _scheme(value) not in {"redis", "rediss", "unix"}:
        raise ImproperlyConfigured(f"{name} must be a redis:// or rediss:// URL.")
    return value


def stripe_key(name: str) -> str:
    value = required(name)
    kind, _, rest = value[3:].partition("_")
    if not value.startswith(("sk_", "rk_")) or kind not in {"test", "live"} or not rest:
        raise ImproperlyConfigured(
            f"{name} must be a Stripe secret or restricted key (sk_test_…, sk_live_…)."
        )
    return value


def is_live(key: str) -> bool:
    return key.startswith(("sk_live_", "rk_live_"))


def refuse_with_live_key(
    *, debug: bool, local_mode: bool, stripe_api_base: str, reports_to_log: bool
) -> None:
    """Make sure that nothing is on which only a developer wants, now that real money moves."""
    if debug:
        raise ImproperlyConfigured(
            "DEBUG must be off with a live STRIPE_SECRET_KEY: its error pages show passwords to anyone."
        )
    if local_mode:
        raise ImproperlyConfigured(
            "LOCAL_MODE must be off with a live STRIPE_SECRET_KEY: it is for the local Stripe, which moves no money."
        )
    base = urlsplit(stripe_api_base)
    if base.scheme != "https" and base.hostname not in LOOPBACK:
        raise ImproperlyConfigured(
            "STRIPE_API_BASE must be an https URL with a live STRIPE_SECRET_KEY, which would be sent unencrypted."
        )
    if reports_to_log:
        raise ImproperlyConfigured(
            "EMAIL_URL must name a mail server, such as smtp+tls://user:password@host:587, if REPORT_EMAIL is set: "
            "with a live STRIPE_SECRET_KEY, reports must not be written to the log."
        )


def webhook_secrets(name: str) -> list[str]:
    """Read the endpoint secrets: platform first, then Connect; an empty one is refused."""
    secrets = [part.strip() for part in required(name).split(",")]
    if not all(part.startswith("whsec_") and len(part) > len("whsec_") for part in secrets):
        raise ImproperlyConfigured(f"{name} must be one or more whsec_… secrets, separated by commas.")
    return secrets


def exactly_one_of(*names: str) -> None:
    if sum(bool(os.environ.get(name)) for name in names) != 1:
        raise ImproperlyConfigured(f"Exactly one of {' and '.join(names)} must be set.")


def _refuse_ended(name: str, code: str) -> None:
    if ended := currencies.RETIRED.get(code):
        raise ImproperlyConfigured(
            f"{name} names {code}, which ended on {ended.ended:%-d %B %Y}. Remove it: amounts in the books stay, but "
            "nothing new can be recorded or paid in it."
        )


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _scheme(address: str) -> str:
    """Return an address's scheme, or nothing if it can't be one: its port is no number, say."""
    try:
        parts = urlsplit(address)
        return parts.scheme if parts.port is None or parts.port else ""
    except ValueError:
        return ""


def _is_count(text: str) -> bool:
    """Tell whether this is a whole number of plain digits, and one that a bigint column can hold."""
    return text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST)) and int(text) <= LARGEST
