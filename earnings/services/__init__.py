"""Writes of the earnings app, by noun."""
