"""Local mode: the servers and processes of one clone, started and stopped by `make`.

Run as `python -m payouts_project.local COMMAND`. Nothing in this package imports Django: the service's processes are
its children.
"""
