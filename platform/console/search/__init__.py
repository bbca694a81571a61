"""One search for everything: by the id, e-mail address or month that somebody has at hand."""

from console.search.finders import find
from console.search.hits import Hit

__all__ = ["Hit", "find"]
