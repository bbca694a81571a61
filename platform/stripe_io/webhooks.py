"""Events about the platform's charges. What they mean for creators comes from the Billing Service's records."""

from stripe_io.errors import SetAside
from stripe_io.handlers import StripeEvent, register


def register_handlers() -> None:
    register(
        keep_for_billing,
        "charge.refunded",
        "charge.dispute.created",
        "charge.dispute.updated",
        "charge.dispute.closed",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.funds_reinstated",
    )


def keep_for_billing(event: StripeEvent) -> None:
    raise SetAside("the records of the Billing Service decide what is taken back from whom")
