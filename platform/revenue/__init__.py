"""The platform's own revenue: `platform_revenue`, and the monthly report."""
