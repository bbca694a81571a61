"""Refusals of the earnings app."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from database.refusals import Refusal
from database.staff import person_behind
from money import LARGEST_AMOUNT, Money


class UnknownSource(Refusal):
    def __init__(self, name: str) -> None:
        super().__init__(
            f"no billing source is called {name!r}: register it with `manage.py add_source {name}`"
        )
        self.source = name


class ApiRefused(Refusal):
    """What is said of an API can't be taken over into the catalogue."""

    api: str


class ApiUnassigned(ApiRefused):
    """An API belongs to no source yet, so no source may change it."""

    def __init__(self, api: str) -> None:
        super().__init__(
            f"{api} belongs to no source yet. "
            f"Ask staff to assign it: `manage.py catalog assign {api} --source NAME`."
        )
        self.api = api


class ApiOfAnotherSource(ApiRefused):
    """An API takes the word of its own source only."""

    def __init__(self, api: str, *, source: str) -> None:
        super().__init__(
            f"{api} belongs to the source {source!r}, and only that source can change it. "
            "If it is yours by now, ask staff to assign it to you."
        )
        self.api = api
        self.source = source


class UnknownApis(Refusal):
    """No such APIs are registered."""

    def __init__(self, apis: list[str]) -> None:
        super().__init__(f"not registered: {', '.join(apis)}. Nothing was assigned.")
        self.apis = apis


class CatalogLineRefused(Refusal):
    """A line of the API catalogue can't be used."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"line {line}: {problem}")
        self.line = line


class OwnershipTooEarly(ApiRefused):
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


class OwnershipSuperseded(ApiRefused):
    """What is said of an owner was said before, or without a time, and somebody else has the API since."""

    def __init__(self, api: str, *, creator: str, owner: str) -> None:
        super().__init__(
            f"{api} went from {creator} to {owner} since. This may be a delayed copy of an older message, so it "
            f"changes nothing. If the API is {creator}'s again, say from when on, with a time that was not said before."
        )
        self.api = api
        self.creator = creator
        self.owner = owner


class RateTooEarly(Refusal):
    """A change of commission would be behind what is already recorded at another rate."""

    def __init__(self, *, effective_from: datetime, latest: datetime) -> None:
        super().__init__(
            f"the commission can't change from {effective_from.isoformat()} on: "
            f"sales up to {latest.isoformat()} are settled at the rates of their time. "
            "Choose a later time, and correct the past with an adjustment."
        )
        self.effective_from = effective_from
        self.latest = latest


class NoRateToEnd(Refusal):
    """Only an API or a creator can be without a rate of its own, and only one that has one."""

    def __init__(self, of: str, *, at: datetime) -> None:
        super().__init__(f"{of} has no rate of its own at {at.isoformat()}")


class CurrencyNotInUse(Refusal):
    """New money can't be in this currency: it has ended, or there is none of that name."""

    def __init__(self, currency: str) -> None:
        super().__init__(f"{currency!r} is not a currency in use: nothing new can be owed in it.")
        self.currency = currency


class FileRefused(Refusal):
    """A file can't be read at all: no header, not the columns that it needs, another encoding, truncated."""


class BillingDatabaseRefused(Refusal):
    """The marketplace's tables can't be read: no connection, no such table, no right to."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"the billing database can't be read: {problem}")


class BatchNotSetAside(Refusal):
    def __init__(self, batch: int) -> None:
        super().__init__(f"batch #{batch} isn't set aside: `manage.py batches list` shows those that are")


class BatchesStillAside(Refusal):
    """None of the batches could be posted this time either."""

    def __init__(self, reasons: Mapping[int, str]) -> None:
        told = "; ".join(f"#{batch}: {reason}" for batch, reason in reasons.items())
        super().__init__(f"still can't be posted, and set aside again: {told}")


class BatchIsBuiltOn(Refusal):
    """Records that came later give back what those of this batch took."""

    def __init__(self, batch: int) -> None:
        super().__init__(
            f"the records of batch #{batch} can't be taken out: reversals of its refunds or chargebacks are in the "
            "earnings already. Correct the creator's earnings with an adjustment."
        )


class AmountTooLarge(Refusal):
    """Nobody can have meant that much."""

    def __init__(self, currency: str) -> None:
        super().__init__(f"at most {Money(LARGEST_AMOUNT, currency)} can be adjusted at once, more or less")


class UnknownApi(Refusal):
    def __init__(self, external_id: str) -> None:
        super().__init__(f"There is no API {external_id!r}.")


class UnknownAdjustment(Refusal):
    def __init__(self, adjustment_id: UUID) -> None:
        super().__init__(f"There is no adjustment {adjustment_id}.")


class NothingToAdjust(Refusal):
    def __init__(self) -> None:
        super().__init__("An adjustment of nothing changes nothing.")


class AdjustmentDecided(Refusal):
    def __init__(self, status: str) -> None:
        super().__init__(f"the adjustment is {status.lower()} already")


class SecondPersonNeeded(Refusal):
    def __init__(self, actor: str) -> None:
        super().__init__(f"{person_behind(actor)} proposed this: another person has to approve it")


class NothingToWriteOff(Refusal):
    """The creator doesn't owe that much (any more)."""

    def __init__(self, creator: str, *, currency: str) -> None:
        super().__init__(f"{creator} does not owe that much in {currency}")
