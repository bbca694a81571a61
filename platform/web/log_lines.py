"""Log lines about refused requests."""

import logging


class RefusalsInOneLine(logging.Filter):
    """Turn Django's log entries about callers' mistakes (an unknown host, a large body) into one-line warnings.

    Anyone can cause them, as often as they like, and a stack trace through Django helps nobody.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith("django.security"):
            record.exc_info = record.exc_text = None
            record.levelno, record.levelname = logging.WARNING, logging.getLevelName(logging.WARNING)
        return True
