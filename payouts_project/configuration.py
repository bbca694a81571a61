"""Reads and validates the environment for `settings.py`. Every error is a sentence that names the variable."""

import logging
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
import pycountry
from django.core.exceptions import ImproperlyConfigured

from money import LARGEST_AMOUNT, currencies

# Variables that can be read from a file instead (`NAME_FILE`), such as a mounted secret.
FROM_FILES = (
    "BILLING_DATABASE_URL",
    "CELERY_BROKER_URL",
    "DATABASE_URL",
    "EMAIL_URL",
    "JWT_SECRET",
    "METRICS_TOKEN",
    "REDIS_URL",
    "SECRET_KEY",
    "STRIPE_CONNECT_WEBHOOK_SECRET",
    "STRIPE_SECRET_KEY",
    "STRIPE_THIN_WEBHOOK_SECRET",
    "STRIPE_WEBHOOK_SECRET",
)
# If you set your own DATABASE_URL, only these still come from local mode's file: a real database must never be used
# with the sandbox's keys.
SHAREABLE = frozenset({"REDIS_URL", "PORT"})
YES = frozenset({"1", "true", "yes", "on"})
NO = frozenset({"0", "false", "no", "off", ""})
# How long to wait for an unreachable or lost database, unless DATABASE_URL has its own `connect_timeout`.
PATIENCE = {"connect_timeout": 5, "tcp_user_timeout": 10_000}  # seconds, milliseconds: libpq's own units
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
LARGEST = 10**15  # minor units; sums of such amounts don't overflow
# wsgi.py sets it, before the settings are read.
serves_web = False


def load(local_env: Path) -> None:
    """Fill the process environment from `NAME_FILE` variables, then from local mode's file.

    Local mode removes libpq's own variables (PGSSLMODE, PGSERVICE, PGOPTIONS, …), which are meant for another server.
    If you set your own DATABASE_URL, they complete it.
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
    """Read an absolute http(s) URL; a trailing slash is removed."""
    value = os.environ.get(name, default).rstrip("/")
    if _scheme(value) not in {"http", "https"} or not urlsplit(value).netloc:
        raise ImproperlyConfigured(f"{name} must be an absolute http or https URL, not {value!r}.")
    return value


def optional_secret(name: str, *, minimum_length: int) -> str:
    return secret(name, minimum_length=minimum_length) if os.environ.get(name) else ""


def optional_url(name: str) -> str:
    return url(name, default="") if os.environ.get(name) else ""


def origins(name: str, *, default: str) -> list[str]:
    """Read `https://a.example,https://b.example`; a path in the default is removed."""
    if not os.environ.get(name):
        return [_origin(default)]
    values = [part.strip() for part in os.environ[name].split(",")]
    for origin in values:
        if _scheme(origin) not in {"http", "https"} or origin != _origin(origin):
            raise ImproperlyConfigured(f"{name} must list origins such as https://host, not {origin!r}.")
    return values


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
    _refuse_retired(name, value)
    if not currencies.is_current(value):
        raise ImproperlyConfigured(f"{name} must be an ISO 4217 currency such as USD, not {value!r}.")
    return value


def minimum_payout(name: str, *, default: str) -> dict[str, int]:
    """Read `USD:2500,EUR:2000`: the smallest payout per currency, in minor units."""
    minimums: dict[str, int] = {}
    for part in os.environ.get(name, default).split(","):
        code, _, amount = part.strip().partition(":")
        _refuse_retired(name, code)
        valid = currencies.is_current(code) and code not in minimums
        if not valid or not _is_count(amount) or not 1 <= int(amount) <= LARGEST_AMOUNT:
            raise ImproperlyConfigured(f"{name} must look like USD:2500,EUR:2000, not {part.strip()!r}.")
        minimums[code] = int(amount)
    return minimums


def statement_descriptor(name: str) -> str:
    """Read what banks show beside a bank payout; empty leaves it to Stripe.

    Stripe takes up to 22 characters, and doesn't say which; these are safe everywhere.

    Source: https://docs.stripe.com/connect/payout-statement-descriptors
    """
    value = os.environ.get(name, "")
    if value and not re.fullmatch(r"[A-Z0-9](?:[A-Z0-9 ]{0,20}[A-Z0-9])?", value):
        raise ImproperlyConfigured(
            f"{name} must be up to 22 capital letters A to Z, digits and spaces, not {value!r}."
        )
    return value


def rates(name: str, *, defaults: dict[str, int]) -> dict[str, int]:
    """Read `read:600,push:1200`: requests per minute by scope; other scopes keep their defaults."""
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
    """Return a pool with one connection for each of the web's threads, so that no thread waits for another.

    Connections that are idle for two seconds are closed, except for the last one. If the database is unreachable,
    requests also wait for two seconds at most. (`max_waiting` isn't set: the pool never stops counting requests that
    gave up.)
    """
    required(name)
    threads = integer(name, default=1, lowest=1, highest=512)
    return {"min_size": 1, "max_size": threads, "max_idle": 2, "timeout": 2, "reconnect_timeout": 2}


def optional_database(name: str) -> dict[str, Any] | None:
    """Read the psycopg parameters of a database outside Django; None if the variable isn't set."""
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
    """Refuse settings that are only for development: with a live key, real money moves."""
    if debug:
        raise ImproperlyConfigured(
            "DEBUG must be off with a live STRIPE_SECRET_KEY: its error pages reveal passwords."
        )
    if local_mode:
        raise ImproperlyConfigured(
            "LOCAL_MODE must be off with a live STRIPE_SECRET_KEY: it uses the sandbox, which moves no money."
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
    """Read the signing secrets of one kind of endpoint; several are valid while one is rolled."""
    secrets = [part.strip() for part in required(name).split(",")]
    if not all(part.startswith("whsec_") and len(part) > len("whsec_") for part in secrets):
        raise ImproperlyConfigured(f"{name} must be one or more whsec_… secrets, separated by commas.")
    return secrets


def secrets_by_endpoint(*, platform: str, connect: str, thin: str) -> tuple[list[str], list[str], list[str]]:
    """Read the signing secrets of the platform's endpoint, the Connect endpoint, and the destinations of thin events.

    An endpoint without secrets of its own has those of the others, as with `stripe listen`. Without any for Connect,
    the platform's second secret and those after it are Connect's.
    """
    ours = webhook_secrets(platform)
    if os.environ.get(connect):
        theirs = webhook_secrets(connect)
    else:
        ours, theirs = ours[:1], ours[1:] or ours
    return ours, theirs, webhook_secrets(thin) if os.environ.get(thin) else ours + theirs


def one_of(name: str, *, default: str, choices: tuple[str, ...]) -> str:
    value = os.environ.get(name, default)
    if value not in choices:
        raise ImproperlyConfigured(f"{name} must be {' or '.join(choices)}, not {value!r}.")
    return value


def by_country(name: str, *, choices: tuple[str, ...]) -> dict[str, str]:
    """Read `MY:recipient,TW:no`: a choice for some countries."""
    chosen: dict[str, str] = {}
    for part in filter(None, os.environ.get(name, "").split(",")):
        code, _, choice = part.strip().partition(":")
        known = code.isupper() and pycountry.countries.get(alpha_2=code) is not None
        if not known or code in chosen or choice not in choices:
            raise ImproperlyConfigured(
                f"{name} must look like MY:recipient,TW:no, with {', '.join(choices)}, not {part.strip()!r}."
            )
        chosen[code] = choice
    return chosen


def exactly_one_of(*names: str) -> None:
    if sum(bool(os.environ.get(name)) for name in names) != 1:
        raise ImproperlyConfigured(f"Exactly one of {' and '.join(names)} must be set.")


def _refuse_retired(name: str, code: str) -> None:
    if retired := currencies.RETIRED.get(code):
        raise ImproperlyConfigured(
            f"{name} names {code}, which ended on {retired.ended:%-d %B %Y}. Remove it: amounts in the books stay, but "
            "nothing new can be recorded or paid in it."
        )


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _scheme(address: str) -> str:
    """Return a URL's scheme, or an empty text if it isn't valid, for example because its port isn't a number."""
    try:
        parts = urlsplit(address)
        return parts.scheme if parts.port is None or parts.port else ""
    except ValueError:
        return ""


def _is_count(text: str) -> bool:
    """Check whether this is a whole number in ASCII digits that fits into a bigint column."""
    return text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST)) and int(text) <= LARGEST
