"""The order of currencies on a page: the platform's own, then the others by code."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from django.conf import settings

T = TypeVar("T")


def in_order(codes: Iterable[str]) -> list[str]:
    return sorted(codes, key=lambda code: (code != settings.DEFAULT_CURRENCY, code))


def by_currency(found: Mapping[str, T]) -> dict[str, T]:
    return {code: found[code] for code in in_order(found)}
