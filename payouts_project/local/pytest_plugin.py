"""Gives a pytest session its own servers before Django's settings are read.

It is enabled by `-p` in pyproject.toml. With xdist only the controller starts servers. The workers inherit its
environment, and each takes a database of its own in Valkey.
"""

import os
from collections.abc import Generator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from .errors import LocalError
from .testing import throwaway_environment


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    """Run before pytest-django, which reads the settings in the same hook."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is not None:
        os.environ["REDIS_URL"] = (
            urlsplit(os.environ["REDIS_URL"])._replace(path=worker.replace("gw", "/")).geturl()
        )
    else:
        servers = ExitStack()
        try:
            servers.enter_context(throwaway_environment())
        except LocalError as refusal:
            raise pytest.UsageError(str(refusal)) from refusal
        early_config.add_cleanup(servers.close)
    return (yield)
