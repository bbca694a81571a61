"""Whatever happens in any order, the books hold, no cent is lost and none is sent twice."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.local_stripe import Stripe
from tests.payouts.world import World

QUIETLY = settings(
    derandomize=True,
    # The failing steps are printed as they are; shrinking them would take minutes.
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def live_through(sandbox: Stripe, *, worlds: int, steps: int) -> None:
    class Here(World):
        pass

    Here.sandbox = sandbox
    run_state_machine_as_test(
        Here, settings=settings(QUIETLY, max_examples=worlds, stateful_step_count=steps)
    )


@pytest.mark.django_db
def test_a_few_worlds_end_well(sandbox: Stripe) -> None:
    live_through(sandbox, worlds=3, steps=20)


@pytest.mark.full
@pytest.mark.django_db
def test_many_worlds_end_well(sandbox: Stripe) -> None:
    live_through(sandbox, worlds=25, steps=40)
