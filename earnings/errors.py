"""Refusals of the earnings app."""

from datetime import datetime


class UnknownSource(Exception):
    def __init__(self, name: str) -> None:
        super().__init__(
            f"no billing source is called {name!r}: register it with `manage.py add_source {name}`"
        )
        self.name = name


class CatalogLineRefused(Exception):
    """A line of the API catalogue can't be used."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"line {line}: {problem}")
        self.line = line


class OwnershipTooEarly(Exception):
    """A change of owner would move what is already recorded."""

    def __init__(self, api: str, *, owned_from: datetime, latest: datetime) -> None:
        super().__init__(
            f"{api} can't change owner from {owned_from.isoformat()} on: "
            f"its sales and its owner are settled up to {latest.isoformat()}. "
            "Choose a later time, and correct the past with an adjustment."
        )
        self.api = api
        self.owned_from = owned_from
        self.latest = latest


class RateTooEarly(Exception):
    """A change of commission would be behind what is already recorded at another rate."""

    def __init__(self, *, effective_from: datetime, latest: datetime) -> None:
        super().__init__(
            f"the commission can't change from {effective_from.isoformat()} on: "
            f"sales up to {latest.isoformat()} are settled at the rates of their time. "
            "Choose a later time, and correct the past with an adjustment."
        )
        self.effective_from = effective_from
        self.latest = latest


class NoRateToEnd(Exception):
    """Only an API or a creator can be without a rate of its own, and only one that has one."""

    def __init__(self, of: str, *, at: datetime) -> None:
        super().__init__(f"{of} has no rate of its own at {at.isoformat()}")


class CurrencyNotInUse(Exception):
    """New money can't be in this currency: it has ended, or there is none of that name."""

    def __init__(self, currency: str) -> None:
        super().__init__(f"{currency!r} is not a currency in use: nothing new can be owed in it.")
        self.currency = currency


class FileRefused(Exception):
    """A billing file can't be read at all: no header, unknown columns, not text, truncated."""


class BillingDatabaseRefused(Exception):
    """The marketplace's tables can't be read: no connection, no such table, no right to."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"the billing database can't be read: {problem}")


class PushTooLarge(Exception):
    """A service pushes more than one request may carry; what came before is taken in."""

    def __init__(self, line: int) -> None:
        super().__init__(
            f"One request can't carry line {line} and what follows. The lines before it were taken in: "
            "send the others in requests of their own."
        )
        self.line = line


class PushCutOff(Exception):
    """What a service pushes ends in the middle of a line; what came before is taken in."""

    def __init__(self, line: int) -> None:
        super().__init__(
            f"The body ends in the middle of line {line}. The lines before it were taken in: "
            "send it again, whole or from that line on."
        )
        self.line = line


class AdjustmentDecided(Exception):
    def __init__(self, status: str) -> None:
        super().__init__(f"the adjustment is {status.lower()} already")


class SecondPersonNeeded(Exception):
    def __init__(self, actor: str) -> None:
        super().__init__(f"{actor} proposed this: another person has to approve it")


class NothingToWriteOff(Exception):
    """The creator doesn't owe that much (any more)."""

    def __init__(self, creator: str, *, currency: str) -> None:
        super().__init__(f"{creator} does not owe that much in {currency}")
