"""The double-entry books: append-only, zero-sum, posted set by set."""
