"""Writes of the payouts app, by noun."""
