"""What a change of a creator's balance leads to, in sentences."""

from collections.abc import Iterator

from accounts.models import Creator
from database import sql
from ledger.selectors import payable_balance
from money import Money
from payouts.selectors import Upcoming, upcoming_of
from payouts.states import DecisionReason

# They depend on the amount; the others would keep back any payout.
_BY_AMOUNT = {
    DecisionReason.BELOW_MINIMUM,
    DecisionReason.NEGATIVE_BALANCE,
    DecisionReason.NO_MINIMUM_FOR_CURRENCY,
}


def of_change(creator: Creator, amount: Money) -> Iterator[str]:
    """Say how an amount that is booked to a creator now changes what they are owed, and their next payout."""
    name, currency = creator.external_id, amount.currency
    before = Money(payable_balance(creator.pk, currency=currency), currency)
    yield f"change what {name} is owed from {before} to {before + amount}"
    upcoming = upcoming_of(creator.pk, requested=currency, now=sql.now())
    day = f"{upcoming.day:%-d %b %Y}"
    paid = Money(upcoming.payable_net, currency)
    now_paid, then_paid = _payout(upcoming, paid), _payout(upcoming, paid + amount)
    if now_paid == then_paid:
        yield f"leave the next payout, on {day}, at {then_paid or 'nothing'}"
    else:
        yield f"change the next payout, on {day}, from {now_paid or 'nothing'} to {then_paid or 'nothing'}"
    for code in upcoming.blockers:
        if code not in _BY_AMOUNT:
            yield f"not be paid while this stands in the way: {DecisionReason(code).label.lower()}"


def _payout(upcoming: Upcoming, net: Money) -> Money | None:
    """Return what would be paid of this; None if it is too little."""
    if upcoming.minimum is None or net.amount < max(upcoming.minimum, 1):
        return None
    return net
