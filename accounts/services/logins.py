"""What is kept of log-ins, and for how long."""

from axes.handlers.proxy import AxesProxyHandler

from accounts.sessions import SessionStore

KEPT_DAYS = 400


def forget_logins() -> None:
    """Delete sessions that are over, and log-ins and failures of long ago."""
    SessionStore.clear_expired()
    AxesProxyHandler.reset_logs(age_days=KEPT_DAYS)
    AxesProxyHandler.reset_failure_logs(age_days=KEPT_DAYS)
