"""The console's style sheet touches only what is the console's own, and nothing of unfold's."""

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

ROOT = Path(__file__).parents[2]
SHEETS = ("console/console.css", "console/acting.css", "console/lists.css", "console/search.css")
# How unfold says that it is dark: what our rules may stand below.
DARK = "dark"
# Columns that hold figures, by the names of our own functions.
FIGURES = re.compile(r'\[class\*="(?:field|column)-figure_"\]')
OURS = re.compile(r"\bpc-[a-z-]+")


def style_sheet(name: str) -> str:
    path = finders.find(name)
    assert path
    return re.sub(r"/\*.*?\*/", "", Path(path).read_text(), flags=re.DOTALL)


def selectors(sheet: str) -> list[str]:
    """Return each rule's selectors; those within @media count as the others."""
    heads = re.findall(r"([^{}]+)\{", sheet)
    return [part.strip() for head in heads if "@" not in head for part in re.split(r",(?![^(]*\))", head)]


def classes(selector: str) -> set[str]:
    return {name.replace("\\", "") for name in re.findall(r"\.((?:\\.|[\w-])+)", selector)}


@pytest.fixture(scope="module")
def console() -> list[str]:
    return [selector for name in SHEETS for selector in selectors(style_sheet(name))]


def test_no_rule_names_a_class_of_unfolds(console: list[str]) -> None:
    unfold: set[str] = set().union(*map(classes, selectors(style_sheet("unfold/css/styles.css"))))
    assert {"block", "flex", "field-row", DARK} <= unfold
    named = set().union(*map(classes, console))
    assert named & unfold == {DARK}


def test_every_rule_is_about_something_of_the_consoles(console: list[str]) -> None:
    broad = [selector for selector in console if ".pc-" not in selector and not FIGURES.search(selector)]
    assert broad == [":root", ".dark"]  # which hold nothing but variables of ours
    sheet = style_sheet("console/console.css")
    for selector in broad:
        (body,) = re.findall(rf"^{re.escape(selector)} \{{([^}}]*)\}}", sheet, flags=re.MULTILINE)
        assert all(line.strip().startswith("--pc-") for line in body.strip().splitlines())


def test_what_is_styled_is_what_the_pages_have(console: list[str]) -> None:
    styled = {name for selector in console for name in classes(selector) if name.startswith("pc-")}
    pages = [
        *(ROOT / "templates").rglob("*.html"),
        *(ROOT / "platform" / "database").rglob("*.py"),
        *(ROOT / "platform" / "console").rglob("*.py"),
        *(ROOT / "platform" / "console" / "static").rglob("*.js"),
    ]
    used = {name for page in pages for name in OURS.findall(page.read_text())}
    assert used - styled == styled - used == set()
