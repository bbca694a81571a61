"""Variables of a user's shell that are meant for other programs, and would change what ours do."""

NOWHERE = "/nowhere"
CLOSED = "127.0.0.1:9"

# Variables that Python, pip and the tools read before any of our code runs: make removes them.
OF_THE_TOOLS = {
    "PIP_DRY_RUN": "1",
    "PIP_NO_DEPS": "1",
    "PIP_ONLY_BINARY": ":none:",
    "PIP_PREFIX": NOWHERE,
    "PIP_PYTHON": NOWHERE,
    "PIP_REQUIRE_VIRTUALENV": "1",
    "PIP_TARGET": NOWHERE,
    "PYTEST_ADDOPTS": "--no-such-option",
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    "PYTEST_PLUGINS": "nowhere",
    "PYTHONHOME": NOWHERE,
    "PYTHONIOENCODING": "ascii",
    "PYTHONOPTIMIZE": "2",
    "PYTHONPATH": NOWHERE,
    "PYTHONSAFEPATH": "1",
    "PYTHONSTARTUP": NOWHERE,
    "PYTHONWARNINGS": "error",
    "MYPYPATH": NOWHERE,
    "RUFF_CONFIG": NOWHERE,
    "UV_PYTHON": "2.7",
    "VIRTUAL_ENV": NOWHERE,
}
# Variables that our programs and their libraries would read.
OF_THE_PROGRAMS = {
    **dict.fromkeys(
        ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"],
        f"http://{CLOSED}",
    ),
    "CELERY_CONFIG_MODULE": "nowhere",
    "CELERY_LOADER": "nowhere:Loader",
    "DJANGO_SETTINGS_MODULE": "nowhere.settings",
    "GIT_DIR": NOWHERE,
    "GRANIAN_INTERFACE": "asgi",
    "GRANIAN_PORT": "9",
    "LANG": "tlh_KX.ISO-8859-1",
    "LC_ALL": "tlh_KX.ISO-8859-1",
    "NETRC": NOWHERE,
    "OPENSSL_CONF": NOWHERE,
    "PGCHANNELBINDING": "require",
    "PGCLIENTENCODING": "LATIN1",
    "PGHOST": "pg.invalid",
    "PGHOSTADDR": "192.0.2.1",
    "PGOPTIONS": "-csearch_path=app -cdefault_transaction_read_only=on",
    "PGPASSFILE": NOWHERE,
    "PGPORT": "9",
    "PGREQUIREAUTH": "none",
    "PGSERVICE": "nowhere",
    "PGSSLMODE": "require",
    "PGTARGETSESSIONATTRS": "standby",
    "PGTZ": "Pacific/Kiritimati",
    "PGUSER": "nobody",
    "REQUESTS_CA_BUNDLE": NOWHERE,
    "TQDM_DISABLE": "1",
    "TZ": "Pacific/Kiritimati",
    "XDG_CACHE_HOME": NOWHERE,
    "XDG_CONFIG_HOME": NOWHERE,
}
# Variables of the service: `make up` uses them or refuses them by name; the demo and the tests never see them.
OF_THE_SERVICE = {
    "BILLING_DATABASE_URL": f"postgresql://{CLOSED}/real",
    "CELERY_BROKER_URL": f"redis://{CLOSED}/0",
    "DATABASE_URL": f"postgresql://{CLOSED}/real",
    "DATABASE_URL_FILE": NOWHERE,
    "DEBUG": "perhaps",
    "JWT_JWKS_URL": f"http://{CLOSED}/keys",
    "LOCAL_MODE": "0",
    "MINIMUM_PAYOUT": "nothing",
    "REDIS_URL": f"redis://{CLOSED}/0",
    "SECRET_KEY": "short",
    "STRIPE_API_BASE": "https://stripe.invalid",
    "STRIPE_SECRET_KEY": "sk_live_real",
    "STRIPE_WEBHOOK_SECRET_FILE": NOWHERE,
}
EVERYTHING = OF_THE_TOOLS | OF_THE_PROGRAMS | OF_THE_SERVICE
