"""`python -m tests.chaos SEED`: a month is paid while everything goes wrong; exit 1 if a promise was broken."""

import argparse
import random
import signal
import sys

from tests.chaos.stage import stage


def main() -> None:
    """Play one seed, and report what was done and which promises were broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("seed", type=int)
    parser.add_argument("--creators", type=int, default=5_000)
    options = parser.parse_args()
    # Leave nothing running when stopped. KeyboardInterrupt, because commands also end with SystemExit.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    chance = random.Random(options.seed)
    with stage(seed=options.seed, settle_seconds=chance.choice((0, 3))) as service:
        from tests.chaos.play import play  # noqa: PLC0415 (Django is set up by now)

        kept = play(service, chance, seed=options.seed, creators=options.creators)
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
