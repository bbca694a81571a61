"""Our ids sort by time; external ids are checked in the same way in Python and PostgreSQL."""

import re
import time
from uuid import RFC_4122, UUID

import pytest
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import IntegrityError, connection, transaction
from hypothesis import example, given, settings
from hypothesis import strategies as st

from accounts.models import Creator
from database.fields import EXTERNAL_ID_REGEX
from tests.factories import CreatorFactory

pytestmark = pytest.mark.django_db


def made(count: int) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT uuid7() FROM generate_series(1, %s)", [count])
        return [row[0] for row in cursor.fetchall()]


def test_our_ids_are_uuids_of_version_7() -> None:
    assert {(key.version, key.variant) for key in made(1_000)} == {(7, RFC_4122)}


def test_our_ids_do_not_repeat() -> None:
    assert len(set(made(10_000))) == 10_000


def test_our_ids_sort_by_the_millisecond_of_their_creation() -> None:
    keys = []
    for _ in range(20):
        keys += made(1)
        time.sleep(0.002)
    assert keys == sorted(keys)
    assert abs((keys[-1].int >> 80) / 1000 - time.time()) < 60


def test_a_row_has_its_id_once_it_is_created() -> None:
    creator = CreatorFactory.create()
    assert creator.pk.version == 7
    assert Creator.objects.get(pk=creator.pk) == creator


TEXTS = st.text(st.characters(min_codepoint=1, exclude_categories=["Cs"]), max_size=12) | st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0x7F), max_size=12
)


@given(st.lists(TEXTS, max_size=100))
@example([chr(code) for code in range(1, 0x180)])
@example(["", "a" * 255, "a" * 256, "a\n", "\na", "a\r", "é", "İ", "a b"])
@settings(max_examples=30, deadline=None)
def test_postgresql_and_python_agree_on_what_an_external_id_is(texts: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(array_agg(text ~ %s ORDER BY place), '{}')"
            " FROM unnest(%s::text[]) WITH ORDINALITY AS texts (text, place)",
            [EXTERNAL_ID_REGEX, texts],
        )
        valid = cursor.fetchone()[0]
    assert valid == [accepts(text) for text in texts]


def accepts(text: str) -> bool:
    try:
        RegexValidator(EXTERNAL_ID_REGEX)(text)
    except ValidationError:
        return False
    return True


@given(st.text(st.characters(min_codepoint=0x00, max_codepoint=0x17F), max_size=4))
def test_an_external_id_is_visible_ascii_and_fits_into_a_path_segment(text: str) -> None:
    allowed = 1 <= len(text) <= 255 and all("!" <= letter <= "~" and letter not in "/?#%" for letter in text)
    assert bool(re.search(EXTERNAL_ID_REGEX, text)) == allowed


@pytest.mark.parametrize("wrong", ["", "a/b", "a?b", "a#b", "50%", "a b", "é", "a\n"])
def test_a_table_refuses_an_external_id_that_python_let_through(wrong: str) -> None:
    with pytest.raises(IntegrityError, match="is_external"), transaction.atomic():
        Creator.objects.create(external_id=wrong)
