"""Signing tokens to try the API, as the marketplace would."""

from datetime import datetime, timedelta

from accounts import tokens
from accounts.principals import Principal
from database import acts
from database.acts import Kind
from database.staff import Act


def sign_token(principal: Principal, *, lifetime: timedelta, act: Act, now: datetime) -> str:
    """Sign a token, and record whose it is and until when.

    Raises: NoSharedSecret.
    """
    token = tokens.issue_token(principal, now=now, lifetime=lifetime)
    facts = {"role": principal.role, "subject": principal.subject, "valid_until": now + lifetime}
    acts.record(act, Kind.ISSUE_TOKEN, after=facts)
    return token
