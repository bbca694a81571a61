"""What a line of the log says of a request, and of one that is refused."""

import logging


class RefusalsInOneLine(logging.Filter):
    """Make a warning, without a stack trace, of what Django logs of a caller's mistakes: a foreign host, a large body.

    Anyone can cause them, as often as they like, and where in Django they were noticed helps nobody.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith("django.security"):
            record.exc_info = record.exc_text = None
            record.levelno, record.levelname = logging.WARNING, logging.getLevelName(logging.WARNING)
        return True
