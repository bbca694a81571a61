"""Everything that happened to a creator or a payout, from all tables, newest first.

Importing this package registers the time lines.
"""

from console.timelines import creators, payouts

__all__ = ["creators", "payouts"]
