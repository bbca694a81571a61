"""What services say no with."""


class Refusal(Exception):
    """A service does not do what it was asked to, for a reason that its message tells whoever asked."""
