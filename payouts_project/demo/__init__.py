"""The demo: real sales, moved to the present, paid through the whole service."""
