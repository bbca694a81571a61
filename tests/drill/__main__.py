"""`python -m tests.drill`: lose the database, restore a backup, recover; exit 1 if anybody isn't paid exactly once."""

import argparse
import os
import sys

import django

from payouts_project.local.testing import throwaway_environment
from tests.chaos.stage import CLOCK_FIRST


def main() -> None:
    """Play all cells, or those whose cut or in-between contains a text, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.drill", description=__doc__)
    parser.add_argument("--cut", default="", help="play only the cuts whose name contains this")
    parser.add_argument("--between", default="", help="play only what came in between with this in its name")
    options = parser.parse_args()
    with throwaway_environment():
        server, _, _ = os.environ["DATABASE_URL"].rpartition("/")
        admin_url = os.environ["DATABASE_URL"]
        os.environ |= {
            "DATABASE_URL": f"{server}/drill{CLOCK_FIRST}",
            "DJANGO_SETTINGS_MODULE": "payouts_project.settings",
            "STRIPE_REQUESTS_PER_SECOND": "10000",
            "PAYOUT_COOL_DOWN_HOURS": "0",
            "LOG_LEVEL": "CRITICAL",
        }
        django.setup()
        from tests.drill.play import play  # noqa: PLC0415 (Django is set up by now)

        kept = play(admin_url, cut=options.cut, between=options.between)
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
