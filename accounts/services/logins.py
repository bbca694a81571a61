"""Cleaning up sessions and the records of logins."""

from axes.handlers.proxy import AxesProxyHandler

from accounts.sessions import SessionStore

KEPT_DAYS = 400


def forget_logins() -> None:
    """Delete expired sessions, and old logins and failed attempts."""
    SessionStore.clear_expired()
    AxesProxyHandler.reset_logs(age_days=KEPT_DAYS)
    AxesProxyHandler.reset_failure_logs(age_days=KEPT_DAYS)
