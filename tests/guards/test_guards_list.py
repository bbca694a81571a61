"""The list of guards matches the tree; `make guards` itself takes minutes."""

import pytest

from tests.guards.guards import ROOT, Guard, read

PROMISES = 12


@pytest.mark.parametrize("guard", read(), ids=lambda guard: guard.name)
def test_the_guards_text_and_tests_exist(guard: Guard) -> None:
    content = (ROOT / guard.file).read_text()
    assert guard.taken_from(content) != content
    for test in guard.tests:
        path, _, name = test.partition("::")
        assert f"def {name}(" in (ROOT / path).read_text()


def test_every_promise_has_its_guards() -> None:
    assert {guard.promise for guard in read()} == set(range(1, PROMISES + 1))
