"""Links to Stripe's dashboard, in test or live mode; the local Stripe has none.

Source: https://docs.stripe.com/connect/dashboard
"""

from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString

from database.display import NOTHING, stripe_id

_DASHBOARD = "https://dashboard.stripe.com"


def account_address(account_id: str | None) -> str:
    """Return where the dashboard shows a connected account; empty if nowhere."""
    return _address(f"connect/accounts/{account_id}") if account_id else ""


def transfer_address(transfer_id: str) -> str:
    return _address(f"connect/transfers/{transfer_id}") if transfer_id else ""


def linked(text: str, address: str) -> SafeString:
    """Show one of Stripe's ids, with a link to the dashboard if that has it."""
    if not text:
        return NOTHING
    return format_html("{} {}", stripe_id(text), in_dashboard(address)) if address else stripe_id(text)


def in_dashboard(address: str, text: str = "Stripe") -> SafeString:
    return format_html(
        '<a class="pc-link" href="{}" target="_blank" rel="noopener noreferrer">{}&nbsp;<span '
        'class="material-symbols-outlined pc-out" role="img" aria-label="opens a new tab">open_in_new</span></a>',
        address,
        text,
    )


def _address(path: str) -> str:
    if settings.LOCAL_MODE:
        return ""
    return f"{_DASHBOARD}/{path}" if settings.STRIPE_LIVE_MODE else f"{_DASHBOARD}/test/{path}"
