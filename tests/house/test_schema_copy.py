"""The API's document in docs/ is the one that the service generates."""

from io import StringIO
from pathlib import Path

from django.core.management import call_command

ROOT = Path(__file__).parents[2]


def test_the_copy_of_the_document_is_current() -> None:
    """If this fails after an intended change, run `make schema`."""
    out = StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=out)
    assert out.getvalue().strip() == (ROOT / "docs" / "openapi.yaml").read_text(encoding="utf-8").strip()
