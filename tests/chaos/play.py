"""One seed from beginning to end, and its report."""

import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from payouts.models import PayoutAttempt
from tests.chaos.conductor import Conductor
from tests.chaos.stage import Stage
from tests.chaos.trade import Trade
from tests.chaos.verdict import Verdict, waits_for

FINDINGS_SHOWN = 20
SHORTEST_STORM_SECONDS = 30
CREATORS_A_SECOND = 40


def play(stage: Stage, chance: random.Random, *, seed: int, creators: int) -> bool:
    """Set up, storm, settle, check; return whether every promise was kept."""
    started = time.monotonic()
    trade = Trade(creators=creators, chance=chance)
    with tempfile.TemporaryDirectory(prefix="payouts-chaos-") as folder:
        conductor = Conductor(stage, trade, chance, Path(folder))
        storm_seconds = SHORTEST_STORM_SECONDS + creators / CREATORS_A_SECOND
        conductor.set_up(storm_seconds=storm_seconds)
        conductor.storm(seconds=storm_seconds)
        conductor.settle()
    verdict = Verdict(stage, trade, conductor.people)
    findings = list(verdict.findings())
    for line in _report(stage, verdict, conductor.did):
        _say(f"  {line}")
    for finding in findings[:FINDINGS_SHOWN]:
        _say(f"  BROKEN: {finding}")
    outcome = f"{len(findings)} findings" if findings else "every promise kept"
    _say(f"seed {seed}, {creators:,} creators, {time.monotonic() - started:.0f} s: {outcome}")
    return not findings


def _report(stage: Stage, verdict: Verdict, did: Counter[str]) -> Iterator[str]:
    kills = sum(count for name, count in did.items() if name.startswith(("kills", "crashes")))
    faults = dict(stage.ask_stripe("faults"))
    sends = sum(PayoutAttempt.objects.values_list("sends", flat=True)) - PayoutAttempt.objects.count()
    deliveries = Counter(delivery["event_id"] for delivery in stage.ask_stripe("deliveries"))
    repeated = sum(count - 1 for count in deliveries.values())
    ends = Counter(payout["status"] for payout in verdict.payouts.values())
    waits = Counter(waits_for(payout) for payout in verdict.payouts.values())
    yield f"kills {kills}, faults {sum(faults.values())}, payouts {len(verdict.payouts)}"
    yield f"duplicates: {sends} sends under a key sent before, {repeated} events delivered again"
    yield f"done: {_counts(did)}"
    yield f"faults at Stripe: {_counts(faults)}"
    yield f"payouts: {_counts(ends)}"
    differences = Counter(row["kind"] for row in verdict.differences)
    yield f"differences that wait for a person: {_counts(differences)}"
    for whom, count in waits.items():
        if whom:
            yield f"{count} payouts wait for {whom}"


def _counts(counted: dict[str, int]) -> str:
    return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in sorted(counted.items())) or "none"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
