"""Environment variables: those that our programs see, and local mode's own in `.local/env`."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

LOCAL_MODE = "LOCAL_MODE"
ROOT = Path(__file__).resolve().parents[2]
# What any program needs, and harmless variables. All others in a shell (PGSSLMODE, HTTP_PROXY, DJANGO_SETTINGS_MODULE,
# TZ, …) are meant for other programs, and would change what ours do.
MACHINE_VARIABLES = frozenset(
    {
        "CI",
        "HOME",
        "LOGNAME",
        "NO_COLOR",
        "PATH",
        "PORT",
        "SHELL",
        "SSL_CERT_DIR",
        "SSL_CERT_FILE",
        "TEMP",
        "TERM",
        "TEST_POSTGRES_BIN",
        "TMP",
        "TMPDIR",
        "USER",
    }
)
# Where this machine has the libraries that its Python may need to run.
MACHINE_PREFIXES = ("DYLD_", "LD_")
# This tree's own packages, even if another copy is installed.
OWN_CODE = {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "platform")])}
PROXIES = frozenset({"all_proxy", "http_proxy", "https_proxy", "no_proxy"})
LOOPBACK_NAMES = "localhost,127.0.0.1,::1"
SERVICE_VARIABLES = frozenset(
    {
        "ALLOWED_HOSTS",
        "BILLING_DATABASE_URL",
        "CORS_ORIGINS",
        "CREATOR_PORTAL_URL",
        "BANK_PAYOUTS_BY_STRIPE",
        "BANK_STATEMENT_DESCRIPTOR",
        "IGNORE_FOREIGN_TRANSFERS",
        "RECONCILE_ACCOUNTS_PER_PASS",
        "STRIPE_BACKGROUND_REQUESTS_PER_SECOND",
        "STRIPE_EVENT_DAYS",
        "SYNC_ACCOUNTS_PER_HOUR",
        "CELERY_BROKER_URL",
        "CELERY_VISIBILITY_TIMEOUT",
        "DATABASE_URL",
        "DEBUG",
        "DEFAULT_CURRENCY",
        "DEFAULT_FROM_EMAIL",
        "ACCOUNT_CHECK_MINUTES",
        "EMAIL_URL",
        "JWT_AUDIENCE",
        "JWT_ISSUER",
        "JWT_JWKS_URL",
        "JWT_SECRET",
        "LARGEST_FX_LOSS_BPS",
        LOCAL_MODE,
        "LARGE_PAYOUT_WAIT_DAYS",
        "LOG_LEVEL",
        "METRICS_TOKEN",
        "MINIMUM_PAYOUT",
        "APPROVAL_WAIT_HOURS",
        "PAYOUT_COOL_DOWN_HOURS",
        "FORECAST_ALERT_DAYS",
        "GRANIAN_BLOCKING_THREADS",
        "PREVIOUS_PAYOUT_DAYS",
        "PAYOUT_DAY",
        "PLATFORM_COUNTRY",
        "PLATFORM_FEE_BPS",
        "PUBLIC_URL",
        "REDIS_URL",
        "REPORT_EMAIL",
        "REQUESTS_PER_MINUTE",
        "RUN_SIZE_FACTOR",
        "RUN_SIZE_RUNS",
        "SECRET_KEY",
        "SESSION_HOURS",
        "SESSION_IDLE_MINUTES",
        "STRIPE_ACCOUNTS",
        "STRIPE_API_BASE",
        "STRIPE_CONNECT_WEBHOOK_SECRET",
        "STRIPE_COUNTRIES",
        "STRIPE_REQUESTS_PER_SECOND",
        "STRIPE_REQUEST_CARD_PAYMENTS",
        "STRIPE_SECRET_KEY",
        "STRIPE_THIN_WEBHOOK_SECRET",
        "STRIPE_TOTAL_REQUESTS_PER_SECOND",
        "STRIPE_WEBHOOK_SECRET",
        "STUCK_PAYOUT_DAYS",
        "TRUSTED_PROXIES",
    }
)


def is_service_variable(name: str) -> bool:
    """Check whether the service reads `name`, or a file named by it. `PORT` isn't one of these."""
    return name.removesuffix("_FILE") in SERVICE_VARIABLES


def is_given(outside: Mapping[str, str], name: str) -> bool:
    """Check whether `name` is set, directly or through a file."""
    return bool(outside.get(name) or outside.get(f"{name}_FILE"))


def for_demo_and_tests(outside: Mapping[str, str]) -> dict[str, str]:
    """Return the part of the environment that the demo and the tests see.

    Nothing in it leads to a real database or to real money.
    """
    return {name: value for name, value in outside.items() if _is_of_the_machine(name)} | OWN_CODE


def for_service(outside: Mapping[str, str]) -> dict[str, str]:
    """Return the part of the environment of `make up` that the service's programs see.

    With your own database that is everything, because PGSSLROOTCERT or HTTPS_PROXY may be intended. With an embedded
    one it is only the service's own variables, and proxies if the marketplace's keys are fetched.
    """
    if is_given(outside, "DATABASE_URL"):
        return dict(outside)
    ours = {name: value for name, value in outside.items() if is_service_variable(name)}
    proxies = _proxies(outside) if is_given(outside, "JWT_JWKS_URL") else {}
    return for_demo_and_tests(outside) | ours | proxies


def _is_of_the_machine(name: str) -> bool:
    return name in MACHINE_VARIABLES or name.startswith(MACHINE_PREFIXES)


def _proxies(outside: Mapping[str, str]) -> dict[str, str]:
    """Return the proxy variables, with this machine excluded from proxies."""
    proxies = {name: value for name, value in outside.items() if name.lower() in PROXIES}
    excluded = ",".join(filter(None, [proxies.get("no_proxy") or proxies.get("NO_PROXY"), LOOPBACK_NAMES]))
    return {**proxies, "no_proxy": excluded, "NO_PROXY": excluded}


def new_secrets() -> dict[str, str]:
    """Generate the secrets that the service shares with its sandbox."""
    return {
        "STRIPE_SECRET_KEY": f"sk_test_{secrets.token_hex(24)}",
        "STRIPE_WEBHOOK_SECRET": f"whsec_{secrets.token_hex(24)}",
        "STRIPE_CONNECT_WEBHOOK_SECRET": f"whsec_{secrets.token_hex(24)}",
        "STRIPE_THIN_WEBHOOK_SECRET": f"whsec_{secrets.token_hex(24)}",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "JWT_SECRET": secrets.token_urlsafe(48),
    }


def addresses(*, web_port: int, stripe_port: int) -> dict[str, str]:
    """Return the addresses of the web and of the sandbox."""
    return {
        "PORT": str(web_port),
        "PUBLIC_URL": f"http://localhost:{web_port}",
        # A page of the sandbox that replaces the portal, so that onboarding ends somewhere.
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
    """Return the variables in the file; none if there is no file."""
    if not path.exists():
        return {}
    return dict(line.split("=", 1) for line in path.read_text(encoding="utf-8").splitlines())
