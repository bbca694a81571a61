"""Acts of staff on payouts."""
