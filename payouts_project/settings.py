"""Django settings: one file, read from the environment.

In local mode (nothing set) the values come from `.local/env`, which `make up` writes; settings start
nothing themselves. A value that can't be used stops the start with a sentence that names it.
"""

import sys
from datetime import timedelta
from pathlib import Path

import django_stubs_ext
import environ

from payouts_project import configuration

# Allows types on generic base classes: `ModelAdmin[Payout]`.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
configuration.load(BASE_DIR / ".local" / "env")
env = environ.Env()

LOCAL_MODE = configuration.boolean("LOCAL_MODE", default=False)
DEBUG = configuration.boolean("DEBUG", default=False)
SECRET_KEY = configuration.secret("SECRET_KEY", minimum_length=32)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
PUBLIC_URL = configuration.url("PUBLIC_URL", default="http://localhost:8086")
CREATOR_PORTAL_URL = configuration.url("CREATOR_PORTAL_URL", default="http://localhost:3000")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
CSRF_FAILURE_VIEW = "console.errors.csrf_failure"

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "console.apps.ConsoleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "corsheaders",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "djstripe",
    "axes",
    "database",
    "ledger",
    "stripe_io",
    "accounts",
    "earnings",
    "payouts",
    "revenue",
    "console",
    "payouts_project.apps.PayoutsProjectConfig",
]
if LOCAL_MODE:
    INSTALLED_APPS.append("sandbox")

MIDDLEWARE = [
    "web.request_ids.RequestIds",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "web.headers.ApiHeaders",
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "payouts_project.hosts.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",  # answers locked-out users; it only reads one attribute of the request
]

ROOT_URLCONF = "payouts_project.urls"
WSGI_APPLICATION = "payouts_project.wsgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {"default": {**configuration.database("DATABASE_URL"), "CONN_HEALTH_CHECKS": True}}
if configuration.serves_web:
    # The web's threads come and go, and used to leave connections open, so they share a pool. In all other processes
    # each thread has its own connection, with the locks and temporary tables of its session.
    DATABASES["default"]["OPTIONS"]["pool"] = configuration.pool("GRANIAN_BLOCKING_THREADS")
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 600
# The marketplace's own tables, which are only read, with one connection per pass. As one of Django's DATABASES they
# would be migrated, tested and kept connected like ours.
BILLING_DATABASE = configuration.optional_database("BILLING_DATABASE_URL")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"
LOGIN_REDIRECT_URL = "admin:index"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# Sessions of staff, for the console and for the API.
SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_AGE = 3_600 * configuration.integer("SESSION_HOURS", default=12, lowest=1, highest=168)
SESSION_IDLE = timedelta(
    minutes=configuration.integer("SESSION_IDLE_MINUTES", default=60, lowest=2, highest=10_080)
)

# Lockout after failed logins: per username and address, so that nobody can lock out a colleague from elsewhere. It is
# counted in the database, so that it works without Redis, and so does the login.
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_CLIENT_IP_CALLABLE = "database.requests.address_of"
AXES_LOCKOUT_CALLABLE = "console.login.locked_out"
AXES_ENABLE_ADMIN = False  # the console has its own pages for them
AXES_ENABLE_ACCESS_FAILURE_LOG = True
AXES_ACCESS_FAILURE_LOG_PER_USER_LIMIT = (
    1_000_000  # above the limit axes drops the newest; we delete the old ones
)
AXES_VERBOSE = False

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True
FORMAT_MODULE_PATH = "console.formats"

STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True  # static files are served from the packages: nothing to collect

# The staff console's appearance; the rest is in `console`.
UNFOLD = {
    "SITE_TITLE": "Payouts",
    "SITE_HEADER": "Payouts",
    "SITE_SUBHEADER": "Staff console",
    "SITE_SYMBOL": "payments",
    "SITE_URL": None,  # there is no other site to return to
    "LOGIN": {"form": "console.login.LogInForm"},
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "ENVIRONMENT": "console.navigation.stripe_mode",
    "DASHBOARD_CALLBACK": "console.home.fill",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "console.navigation.icon"}],
    "STYLES": [
        "console.navigation.style_sheet",
        "console.navigation.acting_style_sheet",
        "console.navigation.search_style_sheet",
        "console.navigation.list_style_sheet",
    ],
    "SCRIPTS": [
        "console.navigation.copying_script",
        "console.navigation.keyboard_script",
        "console.navigation.acting_script",
        "console.navigation.search_script",
    ],
    "SIDEBAR": {"navigation": "console.navigation.groups", "show_search": True},
    "COLORS": {
        "primary": {
            "50": "oklch(97% .014 254.604)",
            "100": "oklch(93.2% .032 255.585)",
            "200": "oklch(88.2% .059 254.128)",
            "300": "oklch(80.9% .105 251.813)",
            "400": "oklch(70.7% .165 254.624)",
            "500": "oklch(62.3% .214 259.815)",
            "600": "oklch(54.6% .245 262.881)",
            "700": "oklch(48.8% .243 264.376)",
            "800": "oklch(42.4% .199 265.638)",
            "900": "oklch(37.9% .146 265.522)",
            "950": "oklch(28.2% .091 267.935)",
        },
    },
}

# Money. The first default commission rate is set here; later ones are rows.
PLATFORM_COUNTRY = configuration.country("PLATFORM_COUNTRY", default="US")
DEFAULT_CURRENCY = configuration.currency("DEFAULT_CURRENCY", default="USD")
PLATFORM_FEE_BPS = configuration.integer("PLATFORM_FEE_BPS", default=2000, lowest=0, highest=10_000)
MINIMUM_PAYOUT = configuration.minimum_payout("MINIMUM_PAYOUT", default="USD:2500")
PAYOUT_DAY = configuration.integer("PAYOUT_DAY", default=1, lowest=1, highest=28)
FORECAST_ALERT_DAYS = configuration.integer("FORECAST_ALERT_DAYS", default=5, lowest=0, highest=31)
PREVIOUS_PAYOUT_DAYS = configuration.integer("PREVIOUS_PAYOUT_DAYS", default=10, lowest=0, highest=365)
# A right to approve counts only this long after it was given, so that nobody gives one and uses it unnoticed.
APPROVAL_WAIT_HOURS = configuration.integer(
    "APPROVAL_WAIT_HOURS", default=0 if LOCAL_MODE else 24, lowest=0, highest=720
)
PAYOUT_COOL_DOWN_HOURS = configuration.integer("PAYOUT_COOL_DOWN_HOURS", default=48, lowest=0, highest=720)
# How much of a converted transfer may be lost to the exchange rate when it is reversed; more is for staff.
LARGEST_FX_LOSS_BPS = configuration.integer("LARGEST_FX_LOSS_BPS", default=500, lowest=0, highest=10_000)
# What banks show beside a bank payout; empty leaves it to Stripe.
BANK_STATEMENT_DESCRIPTOR = configuration.statement_descriptor("BANK_STATEMENT_DESCRIPTOR")
# An account that Stripe didn't tell of for this long is read before it is paid.
ACCOUNT_CHECK_MINUTES = configuration.integer("ACCOUNT_CHECK_MINUTES", default=60, lowest=0, highest=1_440)
# An unfinished payout that doesn't move for this long is an alert.
STUCK_PAYOUT_DAYS = configuration.integer("STUCK_PAYOUT_DAYS", default=7, lowest=1, highest=365)
# A payout larger than the whole balance stops those behind it for this long.
LARGE_PAYOUT_WAIT_DAYS = configuration.integer("LARGE_PAYOUT_WAIT_DAYS", default=3, lowest=0, highest=365)
# A run over this many times the median of the latest complete runs waits for staff; 0 for never.
RUN_SIZE_FACTOR = configuration.integer("RUN_SIZE_FACTOR", default=5, lowest=0, highest=1_000)
RUN_SIZE_RUNS = configuration.integer("RUN_SIZE_RUNS", default=6, lowest=3, highest=60)
# If set, transfers that other uses of the Stripe account make are no differences.
IGNORE_FOREIGN_TRANSFERS = configuration.boolean("IGNORE_FOREIGN_TRANSFERS", default=False)
# If set, connected accounts are on Stripe's schedule, and a payout counts as paid once its transfer is made.
BANK_PAYOUTS_BY_STRIPE = configuration.boolean("BANK_PAYOUTS_BY_STRIPE", default=False)

# Stripe
STRIPE_SECRET_KEY = configuration.stripe_key("STRIPE_SECRET_KEY")
STRIPE_WEBHOOK_SECRETS, STRIPE_CONNECT_WEBHOOK_SECRETS, STRIPE_THIN_WEBHOOK_SECRETS = (
    configuration.secrets_by_endpoint(
        platform="STRIPE_WEBHOOK_SECRET",
        connect="STRIPE_CONNECT_WEBHOOK_SECRET",
        thin="STRIPE_THIN_WEBHOOK_SECRET",
    )
)
# Which of Stripe's APIs opens the next accounts; each account stays with the API that opened it.
STRIPE_ACCOUNTS = configuration.one_of("STRIPE_ACCOUNTS", default="v2", choices=("v1", "v2"))
# For platforms that Stripe hasn't approved for transfers without card payments.
STRIPE_REQUEST_CARD_PAYMENTS = configuration.boolean("STRIPE_REQUEST_CARD_PAYMENTS", default=False)
# Overrides accounts/reach.toml.
STRIPE_COUNTRIES = configuration.by_country("STRIPE_COUNTRIES", choices=("full", "recipient", "no"))
STRIPE_API_BASE = configuration.url("STRIPE_API_BASE", default="https://api.stripe.com")
STRIPE_LIVE_MODE = configuration.is_live(STRIPE_SECRET_KEY)
# Across all workers: to each endpoint, of which Stripe allows 25, and to all together (0: no limit), of which it allows
# 100, or 25 in test mode. The sandbox allows more.
STRIPE_REQUESTS_PER_SECOND = configuration.integer(
    "STRIPE_REQUESTS_PER_SECOND", default=100 if LOCAL_MODE else 25, lowest=1, highest=10_000
)
STRIPE_TOTAL_REQUESTS_PER_SECOND = configuration.integer(
    "STRIPE_TOTAL_REQUESTS_PER_SECOND",
    default=0 if LOCAL_MODE else 80 if STRIPE_LIVE_MODE else 20,
    lowest=0,
    highest=10_000,
)
# Of these, what reads of all accounts take at most, so that sending has the rest.
STRIPE_BACKGROUND_REQUESTS_PER_SECOND = configuration.integer(
    "STRIPE_BACKGROUND_REQUESTS_PER_SECOND", default=100 if LOCAL_MODE else 5, lowest=1, highest=10_000
)
# How many accounts each hour refreshes at most: 120,000 a day.
SYNC_ACCOUNTS_PER_HOUR = configuration.integer(
    "SYNC_ACCOUNTS_PER_HOUR", default=5_000, lowest=1, highest=1_000_000
)
# How many connected accounts a pass of reconciliation lists at most; another pass follows for those that are left.
RECONCILE_ACCOUNTS_PER_PASS = configuration.integer(
    "RECONCILE_ACCOUNTS_PER_PASS", default=20_000, lowest=1, highest=1_000_000
)
# How long handled events are kept. One that Stripe sends again is then known to be handled; by hand, Stripe sends an
# event again for up to 30 days. Source: https://docs.stripe.com/webhooks#automatic-retries
STRIPE_EVENT_DAYS = configuration.integer("STRIPE_EVENT_DAYS", default=90, lowest=31, highest=36_500)
DJSTRIPE_FOREIGN_KEY_TO_FIELD = "id"
MIGRATION_MODULES = {"djstripe": "stripe_io.djstripe_migrations"}
SILENCED_SYSTEM_CHECKS = [
    # dj-stripe's own endpoint rows and keys aren't used: stripe_io verifies and stores events itself.
    "djstripe.W005",
    "djstripe.I006",
]

# Redis and Celery
REDIS_URL = configuration.redis("REDIS_URL")
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default=REDIS_URL)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_TASK_DEFAULT_QUEUE = "earnings"
CELERY_TASK_ROUTES = {
    "accounts.*": {"queue": "reports"},
    "console.*": {"queue": "reports"},
    "earnings.*": {"queue": "earnings"},
    "payouts.*": {"queue": "payouts"},
    "payouts.compare_billing": {"queue": "reports"},
    "payouts.reconcile": {"queue": "reports"},  # takes long; no payment waits for it
    "payouts.sweep": {"queue": "reports"},  # must not queue behind the tasks that it sent
    "revenue.*": {"queue": "reports"},
    "stripe_io.*": {"queue": "webhooks"},
}
# The task of a killed worker is delivered again after visibility_timeout, which must exceed the longest task. No task
# has a countdown of more than a second (a sweep finds waiting work), and every task can safely run twice.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": configuration.integer(
        "CELERY_VISIBILITY_TIMEOUT", default=900, lowest=1, highest=86_400
    ),
    "unacked_restore_interval": 2,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 5,
}
CELERY_DB_REUSE_MAX = sys.maxsize  # see renew_connections
CELERY_BEAT_SCHEDULER = "payouts_project.beat:Scheduler"

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    }
}

# The marketplace's tokens: signed with its private keys, or with a shared secret.
JWT_JWKS_URL = configuration.optional_url("JWT_JWKS_URL")
JWT_SECRET = configuration.optional_secret("JWT_SECRET", minimum_length=32)
configuration.exactly_one_of("JWT_JWKS_URL", "JWT_SECRET")
JWT_ISSUER = env.str("JWT_ISSUER", default="")
JWT_AUDIENCE = env.str("JWT_AUDIENCE", default="payouts")

# The API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.permissions.IsNobody"],
    "DEFAULT_THROTTLE_CLASSES": ["payouts_project.throttles.CallerThrottle"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["web.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "web.pagination.NumberedPages",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "payouts_project.problems.handle",
    "NUM_PROXIES": configuration.integer("TRUSTED_PROXIES", default=0, lowest=0, highest=10),
    "URL_FORMAT_OVERRIDE": None,
}
WEBHOOK_MAX_BYTES = 10_000_000  # the largest events are a hundredth of this
JSON_MAX_BYTES = 2_000_000
NDJSON_MAX_BYTES = 100_000_000
REQUESTS_PER_MINUTE = configuration.rates(
    "REQUESTS_PER_MINUTE",
    defaults={"read": 600, "links": 30, "push": 1_200, "anonymous": 120, "refused": 120, "login": 10},
)
SPECTACULAR_SETTINGS = {
    "TITLE": "Payouts",
    "DESCRIPTION": "What creators earned, when they are paid, and what the platform keeps. Amounts are integers in "
    "minor units (cents) with an ISO 4217 currency. Times are UTC. The end of a period is exclusive.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_PERMISSIONS": ["accounts.permissions.IsAnyone"],
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "CountryEnum": "web.inputs.COUNTRIES",
        "AccountStatus": "accounts.models.AccountStatus",
        "PayoutStatus": "payouts.states.PayoutStatus",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "payouts_project.schema.add_problems",
        "payouts_project.schema.document_nullable_fields",
        "payouts_project.schema.document_nulls_in_inputs",
        "payouts_project.schema.document_required_bodies",
        "payouts_project.schema.document_public_operations",
    ],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}
CORS_ALLOWED_ORIGINS = configuration.origins("CORS_ORIGINS", default=CREATOR_PORTAL_URL)
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_HEADERS = ["accept", "authorization", "content-type", "if-none-match", "x-request-id"]
CORS_EXPOSE_HEADERS = ["ETag", "Retry-After", "X-Request-ID"]

# Metrics: without a token, only requests from this machine are answered, and none if PUBLIC_URL is https.
METRICS_TOKEN = configuration.optional_secret("METRICS_TOKEN", minimum_length=16)

# Reports
EMAIL_CONFIG = configuration.email("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="payouts@localhost")
REPORT_EMAIL = env.list("REPORT_EMAIL", default=[])

if STRIPE_LIVE_MODE:
    configuration.refuse_with_live_key(
        debug=DEBUG,
        local_mode=LOCAL_MODE,
        stripe_api_base=STRIPE_API_BASE,
        reports_to_log=bool(REPORT_EMAIL) and ".console." in EMAIL_CONFIG["EMAIL_BACKEND"],
    )

if PUBLIC_URL.startswith("https://"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = 31_536_000

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"format": "{asctime} {levelname} {name} [{request_id}] {message}", "style": "{"}
    },
    "filters": {
        "request_id": {"()": "web.request_ids.RequestIdFilter"},
        "refusals": {"()": "web.log_lines.RefusalsInOneLine"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "plain",
            "filters": ["request_id", "refusals"],
        }
    },
    "root": {"handlers": ["console"], "level": configuration.log_level("LOG_LEVEL", default="INFO")},
    "loggers": {
        "axes": {"level": "ERROR"},  # console.login logs the same in one line
        **{name: {"level": "WARNING"} for name in ("httpx", "psycopg.pool", "stripe")},
    },
}
