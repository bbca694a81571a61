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
            f"There is no billing source {name!r}. Register it with `manage.py add_source {name}`."
        )
        self.source = name


class ApiRefused(Refusal):
    """A change of an API is refused."""

    api: str


class ApiUnassigned(ApiRefused):
    """The API has no source yet, so no source may change it."""

    def __init__(self, api: str) -> None:
        super().__init__(
            f"{api} has no source yet. Ask staff to assign one: `manage.py catalog assign {api} --source NAME`."
        )
        self.api = api


class ApiOfAnotherSource(ApiRefused):
    """The API belongs to another source, and only that source may change it."""

    def __init__(self, api: str, *, source: str) -> None:
        super().__init__(
            f"{api} belongs to the source {source!r}, and only that source can change it. "
            "If it is yours now, ask staff to assign it to you."
        )
        self.api = api
        self.source = source


class UnknownApis(Refusal):
    """Some of the APIs are not registered."""

    def __init__(self, apis: list[str]) -> None:
        super().__init__(f"These APIs are not registered: {', '.join(apis)}. Nothing was assigned.")
        self.apis = apis


class CatalogLineRefused(Refusal):
    """A line of an API catalogue file is invalid."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"line {line}: {problem}")
        self.line = line


class OwnershipTooEarly(ApiRefused):
    """A change of owner would take effect before sales that are already recorded."""

    def __init__(self, api: str, *, owned_from: datetime, latest: datetime) -> None:
        super().__init__(
            f"{api} can't change owner at {owned_from.isoformat()}: "
            f"its owner and sales are final up to {latest.isoformat()}. "
            "Choose a later time, and correct earlier sales with an adjustment."
        )
        self.api = api
        self.owned_from = owned_from
        self.latest = latest


class OwnershipSuperseded(ApiRefused):
    """An update of an API's owner may be an old message, as somebody else has owned the API since."""

    def __init__(self, api: str, *, creator: str, owner: str) -> None:
        super().__init__(
            f"{api} has since moved from {creator} to {owner}. This may be a delayed copy of an older message, so it "
            f"was ignored. If {creator} owns the API again, send `owned_from` with a time that was not used before."
        )
        self.api = api
        self.creator = creator
        self.owner = owner


class RateTooEarly(Refusal):
    """A change of commission would take effect before sales that are already recorded."""

    def __init__(self, *, effective_from: datetime, latest: datetime) -> None:
        super().__init__(
            f"The commission can't change at {effective_from.isoformat()}: "
            f"sales up to {latest.isoformat()} already have their rates. "
            "Choose a later time, and correct earlier sales with an adjustment."
        )
        self.effective_from = effective_from
        self.latest = latest


class NoRateToEnd(Refusal):
    """The API or creator has no rate of its own that could end."""

    def __init__(self, of: str, *, at: datetime) -> None:
        super().__init__(f"{of} has no rate of its own at {at.isoformat()}.")


class CurrencyNotInUse(Refusal):
    """The currency is retired or unknown."""

    def __init__(self, currency: str) -> None:
        super().__init__(f"{currency!r} is not a currency in use.")
        self.currency = currency


class FileRefused(Refusal):
    """A file can't be read: its header, columns or encoding are wrong, or it is truncated."""


class BillingDatabaseRefused(Refusal):
    """The marketplace's tables can't be read: no connection, a missing table, or no permission."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"The billing database can't be read: {problem}")


class BatchNotSetAside(Refusal):
    def __init__(self, batch: int) -> None:
        super().__init__(f"Batch #{batch} is not set aside. `manage.py batches list` shows those that are.")


class BatchesStillUnpostable(Refusal):
    """None of the batches could be posted on retry."""

    def __init__(self, reasons: Mapping[int, str]) -> None:
        listed = "; ".join(f"#{batch}: {reason}" for batch, reason in reasons.items())
        super().__init__(f"The batches still can't be posted, and are set aside again: {listed}")


class BatchHasReversals(Refusal):
    """Refunds or chargebacks in this batch have been reversed by records in the earnings."""

    def __init__(self, batch: int) -> None:
        super().__init__(
            f"The records of batch #{batch} can't be quarantined: reversals of its refunds or chargebacks are already "
            "in the earnings. Correct the creator's earnings with an adjustment."
        )


class AmountTooLarge(Refusal):
    """An adjustment is larger than any plausible amount."""

    def __init__(self, currency: str) -> None:
        super().__init__(
            f"An adjustment can be at most {Money(LARGEST_AMOUNT, currency)} in either direction."
        )


class UnknownApi(Refusal):
    def __init__(self, external_id: str) -> None:
        super().__init__(f"There is no API {external_id!r}.")


class UnknownAdjustment(Refusal):
    def __init__(self, adjustment_id: UUID) -> None:
        super().__init__(f"There is no adjustment {adjustment_id}.")


class NothingToAdjust(Refusal):
    def __init__(self) -> None:
        super().__init__("The amount of an adjustment can't be zero.")


class AdjustmentDecided(Refusal):
    def __init__(self, status: str) -> None:
        super().__init__(f"The adjustment is already {status.lower()}.")


class SecondPersonNeeded(Refusal):
    def __init__(self, actor: str) -> None:
        super().__init__(
            f"{person_behind(actor)} proposed this adjustment. Another person has to approve it."
        )


class NothingToWriteOff(Refusal):
    """The creator owes less than the write-off, or nothing."""

    def __init__(self, creator: str, *, currency: str) -> None:
        super().__init__(f"{creator} doesn't owe that much in {currency}.")


class RecordNotInQuarantine(Refusal):
    """The record has entered, or a later copy superseded it, or it never was in quarantine."""

    def __init__(self, quarantined_id: int) -> None:
        super().__init__(f"Record #{quarantined_id} doesn't wait in quarantine.")


class RecordsStillUnusable(Refusal):
    """None of the records could enter on retry."""

    def __init__(self, reasons: Mapping[int, str]) -> None:
        listed = "; ".join(f"#{number}: {reason}" for number, reason in reasons.items())
        super().__init__(f"The records still can't enter: {listed}")


class NotOfUnknownCharge(Refusal):
    """Only a record whose charge never came can be accepted as unlinked."""

    def __init__(self, record_id: str, *, reason: str) -> None:
        super().__init__(
            f"{record_id} can't be accepted as unlinked: it is in quarantine for another reason ({reason})."
        )


class LaterCopyWaits(Refusal):
    """Of several copies under one id, only the latest can enter."""

    def __init__(self, record_id: str) -> None:
        super().__init__(f"A later copy of {record_id} is in quarantine. Only the latest can enter.")


class ChargeIsKnown(Refusal):
    """The charge has come, but with another currency, API or creator, or in a batch that was set aside."""

    def __init__(self, record_id: str, *, charge: str) -> None:
        super().__init__(
            f"{record_id} can't be accepted as unlinked: its charge {charge} is known. If the record names the wrong "
            "charge, API or currency, it needs a corrected copy. If the charge's batch is set aside, deal with that "
            "first."
        )


class ApiNotNamed(Refusal):
    """The record would take over its charge's API, and names none itself."""

    def __init__(self, record_id: str) -> None:
        super().__init__(f"{record_id} doesn't say which API it is of. Name the API.")


class RecordStillUnusable(Refusal):
    """The record couldn't enter without its charge either."""

    def __init__(self, record_id: str, why: str) -> None:
        super().__init__(f"{record_id} can't enter: {why}.")


class NothingTakenBack(Refusal):
    """A reversal would give back more than was taken."""

    def __init__(self, record_id: str, *, charge: str, taken: Money) -> None:
        super().__init__(
            f"{record_id} would give back more than was taken: {taken} of {charge}, by records that were accepted."
        )
