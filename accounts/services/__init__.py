"""Writes about creators, their Stripe accounts, and holds on them."""
