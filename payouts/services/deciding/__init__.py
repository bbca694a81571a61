"""Decisions for everyone at once: runs, forecasts, and pauses of sending."""
