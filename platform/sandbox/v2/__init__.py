"""Stripe's API v2: accounts, account links, events and event destinations.

Source: https://docs.stripe.com/api-v2-overview
"""
