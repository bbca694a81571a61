"""What pages show of the apps above theirs. Importing this registers all of it."""

from console.panels import billing, books, changes, commission, creators, earnings, payouts, runs

__all__ = ["billing", "books", "changes", "commission", "creators", "earnings", "payouts", "runs"]
