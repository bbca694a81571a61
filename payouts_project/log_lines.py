"""What a line of the log says of a request, and of one that is refused."""

import logging


class RefusalsInOneLine(logging.Filter):
    """Leave the stack trace out of what Django logs of a caller's mistakes: a foreign host, a body too large.

    Anyone can cause them, as often as they like, and where in Django they were noticed helps nobody.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith("django.security"):
            record.exc_info = record.exc_text = None
        return True
