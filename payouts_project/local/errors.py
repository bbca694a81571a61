"""Errors of local mode. Each message is a sentence for the person at the keyboard."""


class LocalError(Exception):
    """Its message is shown without a traceback, and the command exits with 1."""


class ProgramFailed(LocalError):
    """A program ended, or never became ready."""

    def __init__(self, fact: str, log: str) -> None:
        """`log` is the end of what the program wrote."""
        super().__init__(f"{fact}. The end of its log:\n{log}")


class StopRequested(LocalError):
    """The stack was asked to stop while it was starting."""


class PortTaken(LocalError):
    """The web's port, the only fixed one, is in use."""

    def __init__(self, port: int) -> None:
        """`port` is the one that another program listens on."""
        super().__init__(
            f"Port {port} is used by another program. Stop it, or choose another port: "
            f"`PORT={port + 1} make up`."
        )
