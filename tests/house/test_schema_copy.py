"""The API's document in docs/ is the one that the service gives."""

from io import StringIO
from pathlib import Path

from django.core.management import call_command

ROOT = Path(__file__).parents[2]


def test_the_documents_copy_is_true() -> None:
    """If this fails after a change that is meant, `make schema` writes the copy anew."""
    out = StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=out)
    assert out.getvalue().strip() == (ROOT / "docs" / "openapi.yaml").read_text(encoding="utf-8").strip()
