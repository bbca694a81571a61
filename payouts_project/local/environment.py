"""The service's variables: which they are, and the ones of local mode in `.local/env`."""

import secrets
from collections.abc import Mapping
from pathlib import Path

LOCAL_MODE = "LOCAL_MODE"
SERVICE_PREFIXES = ("CELERY_", "DJANGO_", "JWT_", "STRIPE_")
SERVICE_VARIABLES = frozenset(
    {
        "ALLOWED_HOSTS",
        "BILLING_DATABASE_URL",
        "CORS_ORIGINS",
        "CREATOR_PORTAL_URL",
        "BANK_PAYOUTS_BY_STRIPE",
        "DATABASE_URL",
        "DEBUG",
        "DEFAULT_CURRENCY",
        "DEFAULT_FROM_EMAIL",
        "EMAIL_URL",
        LOCAL_MODE,
        "LOG_LEVEL",
        "METRICS_TOKEN",
        "MINIMUM_PAYOUT",
        "PAYOUT_COOL_DOWN_HOURS",
        "FORECAST_ALERT_DAYS",
        "PREVIOUS_PAYOUT_DAYS",
        "PAYOUT_DAY",
        "PLATFORM_COUNTRY",
        "PLATFORM_FEE_BPS",
        "PUBLIC_URL",
        "REDIS_URL",
        "REPORT_EMAIL",
        "REQUESTS_PER_MINUTE",
        "SECRET_KEY",
        "SESSION_HOURS",
        "SESSION_IDLE_MINUTES",
        "TRUSTED_PROXIES",
    }
)


def is_service_variable(name: str) -> bool:
    """Say whether the service reads `name`. `PORT` doesn't count: it leads to nothing."""
    name = name.removesuffix("_FILE")
    return name in SERVICE_VARIABLES or name.startswith(SERVICE_PREFIXES)


def without_service_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what the demo and the tests may see: nothing that leads to a real database or to real money."""
    return {name: value for name, value in environment.items() if not is_service_variable(name)}


def new_secrets() -> dict[str, str]:
    """Make at random what the service and its sandbox share and nobody else knows."""
    return {
        "STRIPE_SECRET_KEY": f"sk_test_{secrets.token_hex(24)}",
        # The platform's endpoint and the Connect endpoint.
        "STRIPE_WEBHOOK_SECRET": f"whsec_{secrets.token_hex(24)},whsec_{secrets.token_hex(24)}",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "JWT_SECRET": secrets.token_urlsafe(48),
    }


def addresses(*, web_port: int, stripe_port: int) -> dict[str, str]:
    """Return where the web is for people and where Stripe is for the service."""
    return {
        "PORT": str(web_port),
        "PUBLIC_URL": f"http://localhost:{web_port}",
        # A page that stands in for a portal, so that onboarding leads somewhere.
        "CREATOR_PORTAL_URL": f"http://127.0.0.1:{stripe_port}/portal",
        "STRIPE_API_BASE": f"http://127.0.0.1:{stripe_port}",
    }


def as_exports(variables: Mapping[str, str]) -> str:
    """Return one line per variable for a shell to evaluate."""
    quoted = {name: value.replace("'", "'\\''") for name, value in variables.items()}
    return "".join(f"export {name}='{value}'\n" for name, value in quoted.items())


def write_env_file(path: Path, variables: Mapping[str, str]) -> None:
    """Replace the file in one step; only its owner may read it."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    new.touch(mode=0o600)
    new.write_text("".join(f"{name}={value}\n" for name, value in variables.items()), encoding="utf-8")
    new.replace(path)


def read_env_file(path: Path) -> dict[str, str]:
    """Return the variables in the file: none when there is no file."""
    if not path.exists():
        return {}
    return dict(line.split("=", 1) for line in path.read_text(encoding="utf-8").splitlines())
