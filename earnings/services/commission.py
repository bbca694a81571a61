"""The platform's commission."""

from datetime import UTC, datetime

from django.conf import settings

from earnings.models import CommissionRate


def seed_first_rate() -> None:
    """Give an installation that has no rate yet its first, from PLATFORM_FEE_BPS."""
    if not CommissionRate.objects.exists():
        CommissionRate.objects.create(
            bps=settings.PLATFORM_FEE_BPS, effective_from=datetime(1970, 1, 1, tzinfo=UTC)
        )
