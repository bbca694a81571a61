"""Charges of the platform: what they mean for creators is the Billing Service's to say, in its records."""

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
    raise SetAside("kept for the Billing Service, whose records say what is taken back from whom")
