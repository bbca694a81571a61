"""What staff do to payouts."""
