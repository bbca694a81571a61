"""Reads that join apps, for staff."""
