"""Everything that staff can do in the console. Importing this package declares it."""

from console.acts import creators

__all__ = ["creators"]
