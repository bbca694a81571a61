"""Acts on commission rates: of an API, of a creator, and the default."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.models import Creator
from console.acting import ActForm, ConsoleAct, Done, Given, Preview, console_act
from database import sql
from database.display import count_of
from database.staff import Act, Right
from earnings.models import Api, CommissionRate
from earnings.selectors import current_rate, preview_change, refuse_rate_before_sales
from earnings.services import commission
from money import Money, month_of


def _start() -> forms.DateTimeField:
    return forms.DateTimeField(
        label="From",
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"}),
        help_text="UTC. Leave it empty for now. Earlier sales keep their rate.",
    )


class FromForm(ActForm):
    """Asks from when a change applies; None is from now on."""

    start = _start()


class RateForm(ActForm):
    """Asks for a rate as well, as people write it."""

    percent = forms.DecimalField(
        label="Commission in %",
        min_value=0,
        max_value=100,
        decimal_places=2,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"}),
    )
    start = _start()

    @property
    def given(self) -> dict[str, Any]:
        return {**super().given, "bps": int(self.cleaned_data["percent"] * 100)}


class _Rate(ConsoleAct[Any]):
    """A change of the rate of an API or a creator, or (None) of the default."""

    right = Right.SET_COMMISSION
    icon = "percent"

    def effects(self, of: Api | Creator | None, bps: int | None, start: datetime | None) -> Iterator[str]:
        now = sql.now()
        at = start or now
        refuse_rate_before_sales(of, effective_from=at)
        whose = f"{of.external_id}'s sales" if of else "all sales without a rate of their own"
        since = f"from {at:%-d %b %Y, %H:%M} UTC" if start else "from now"
        before = current_rate(of, at=at)
        was = "no rate of their own" if before is None else f"{before / 100:g} %"
        if bps is None:
            yield f"end the rate of {was} for {whose} {since}, so that the next more general rate applies"
        else:
            yield f"take {bps / 100:g} % of {whose} {since} (so far {was})"
        yield "leave earlier sales, and their refunds, at the rate of their time"
        month = month_of(now.date()).previous_month()
        like = f"sales like those of {month.start:%B %Y}"
        totals = preview_change(bps, of=of, effective_from=at, month=month).totals
        for total in totals:
            before_fee, after = (Money(fee, total.currency) for fee in (total.fee_before, total.fee_after))
            yield (
                f"bring the platform {after} instead of {before_fee} on {like}: "
                f"{count_of(total.creators, 'creator')}, {count_of(total.apis, 'API')}"
            )
        if not totals:
            yield f"change nothing on {like}"


class _SetRate(_Rate):
    label = "Set commission"
    verb = "Set commission of"
    form: ClassVar[type[ActForm]] = RateForm

    def preview(self, obj: Api | Creator | None, given: Given) -> Preview:
        return Preview(list(self.effects(obj, given["bps"], given["start"])))

    def perform(self, obj: Api | Creator | None, given: Given, *, act: Act, now: datetime) -> Done:
        made = commission.set_rate(given["bps"], of=obj, effective_from=given["start"] or now, act=act)
        return Done(f"The commission is {made}.", made)


class _EndRate(_Rate):
    label = "End commission"
    verb = "End commission of"
    form: ClassVar[type[ActForm]] = FromForm

    def obstacle(self, obj: Api | Creator) -> str:
        if current_rate(obj, at=sql.now()) is None:
            return f"{obj.external_id} has no rate of its own."
        return ""

    def preview(self, obj: Api | Creator, given: Given) -> Preview:
        return Preview(list(self.effects(obj, None, given["start"])))

    def perform(self, obj: Api | Creator, given: Given, *, act: Act, now: datetime) -> Done:
        commission.end_rate(of=obj, effective_from=given["start"] or now, act=act)
        return Done(f"{obj.external_id} no longer has a rate of its own.")


@console_act
class SetRateOfCreator(_SetRate):
    name = "set-creator-commission"
    model = Creator


@console_act
class EndRateOfCreator(_EndRate):
    name = "end-creator-commission"
    model = Creator


@console_act
class SetRateOfApi(_SetRate):
    name = "set-api-commission"
    model = Api


@console_act
class EndRateOfApi(_EndRate):
    name = "end-api-commission"
    model = Api


@console_act
class SetDefaultRate(_SetRate):
    name = "set-default-commission"
    model = None
    above = CommissionRate
    label = "Set default commission"
