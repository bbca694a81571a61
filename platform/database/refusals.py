"""The base class of all refusals by services."""


class Refusal(Exception):
    """A service refuses a request; the message tells the caller why."""
