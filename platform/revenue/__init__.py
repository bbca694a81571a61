"""What the platform itself earned: `platform_revenue`, and the monthly report."""
