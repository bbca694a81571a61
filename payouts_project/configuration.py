"""Read and check the environment for `settings.py`: every refusal is a sentence that names the variable."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
import pycountry
from django.core.exceptions import ImproperlyConfigured

from money import currencies

# What may come from a file instead (`NAME_FILE`), as mounted secrets do.
FROM_FILES = (
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


def load(local_env: Path) -> None:
    """Fill the process environment from `NAME_FILE` variables, then from local mode's file."""
    for name in FROM_FILES:
        path = os.environ.get(f"{name}_FILE")
        if path and name not in os.environ:
            os.environ[name] = _file_content(f"{name}_FILE", Path(path))
    own_database = "DATABASE_URL" in os.environ
    if not local_env.exists():
        if own_database:
            return
        raise ImproperlyConfigured(
            "Nothing is configured and no local servers were started: run `make up` first, or set DATABASE_URL, "
            "REDIS_URL, SECRET_KEY, STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET and JWT_JWKS_URL or JWT_SECRET."
        )
    for line in local_env.read_text().splitlines():
        name, separator, value = line.partition("=")
        if separator and (not own_database or name in SHAREABLE):
            os.environ.setdefault(name, value)


def _file_content(name: str, path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name} names a file that can't be read: {error.strerror}.") from error


def required(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. See .env.example for what it means.")
    return value


def secret(name: str, *, minimum_length: int) -> str:
    value = required(name)
    if len(value) < minimum_length:
        raise ImproperlyConfigured(f"{name} must have at least {minimum_length} characters.")
    return value


def url(name: str, *, default: str) -> str:
    """Read an absolute http(s) address; a trailing slash is dropped."""
    value = os.environ.get(name, default).rstrip("/")
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise ImproperlyConfigured(f"{name} must be an absolute http or https address, not {value!r}.")
    return value


def integer(name: str, *, default: int, lowest: int, highest: int) -> int:
    value = os.environ.get(name, str(default))
    if not value.isdigit() or not lowest <= int(value) <= highest:
        raise ImproperlyConfigured(
            f"{name} must be a whole number from {lowest} to {highest}, not {value!r}."
        )
    return int(value)


def country(name: str, *, default: str) -> str:
    value = os.environ.get(name, default)
    if pycountry.countries.get(alpha_2=value) is None:
        raise ImproperlyConfigured(f"{name} must be an ISO 3166 country code such as US, not {value!r}.")
    return value


def currency(name: str, *, default: str) -> str:
    value = os.environ.get(name, default)
    if not currencies.is_known(value):
        raise ImproperlyConfigured(f"{name} must be an ISO 4217 currency such as USD, not {value!r}.")
    return value


def minimum_payout(name: str, *, default: str) -> dict[str, int]:
    """Read `USD:2500,EUR:2000`: the smallest payout per currency, in minor units."""
    minimums: dict[str, int] = {}
    for part in os.environ.get(name, default).split(","):
        code, _, amount = part.strip().partition(":")
        if not currencies.is_known(code) or not amount.isdigit() or int(amount) < 1:
            raise ImproperlyConfigured(f"{name} must read like USD:2500,EUR:2000, not {part.strip()!r}.")
        minimums[code] = int(amount)
    return minimums


def database(name: str) -> dict[str, Any]:
    config: dict[str, Any] = environ.Env.db_url_config(required(name))
    if not str(config.get("ENGINE", "")).endswith("postgresql"):
        raise ImproperlyConfigured(f"{name} must be a postgresql:// address: the books rely on PostgreSQL.")
    return config


def redis(name: str) -> str:
    value = required(name)
    if urlsplit(value).scheme not in {"redis", "rediss", "unix"}:
        raise ImproperlyConfigured(f"{name} must be a redis:// or rediss:// address.")
    return value


def stripe_key(name: str) -> str:
    value = required(name)
    if not value.startswith(("sk_test_", "sk_live_", "rk_test_", "rk_live_")):
        raise ImproperlyConfigured(
            f"{name} must be a Stripe secret or restricted key (sk_test_…, sk_live_…)."
        )
    return value


def is_live(key: str) -> bool:
    return key.startswith(("sk_live_", "rk_live_"))


def webhook_secrets(name: str) -> list[str]:
    """Read the endpoint secrets: platform first, then Connect; an empty one is refused."""
    secrets = [part.strip() for part in required(name).split(",")]
    if not all(part.startswith("whsec_") and len(part) > len("whsec_") for part in secrets):
        raise ImproperlyConfigured(f"{name} must be one or more whsec_… secrets, separated by commas.")
    return secrets


def one_of(*names: str) -> None:
    if not any(os.environ.get(name) for name in names):
        raise ImproperlyConfigured(f"One of {' or '.join(names)} must be set.")
