"""Panels of the commission rates set for one API or one creator."""

from accounts.models import Creator
from console.panels.tabs import HOLDS
from database.admin import Panel, list_of, panel
from earnings.models import Api, CommissionRate

ROWS = 12
COLUMNS = ["Commission", "From", "Set by", "Reason"]


@panel(Api)
def of_api(api: Api) -> Panel | None:
    return _shown(api, more=list_of(CommissionRate, api=api.pk))


@panel(Creator, tab=HOLDS)
def of_creator(creator: Creator) -> Panel | None:
    return _shown(creator, more=list_of(CommissionRate, creator=creator.pk))


def _shown(of: Api | Creator, *, more: str) -> Panel | None:
    rates = of.commission_rates.order_by("-effective_from", "-pk")[:ROWS]
    rows = [(rate, rate.effective_from, rate.actor, rate.reason) for rate in rates]
    return Panel("Own commission rates", COLUMNS, rows, more=more) if rows else None
