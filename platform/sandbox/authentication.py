"""The API key of a request.

Source: https://docs.stripe.com/api/authentication
"""

import base64
import hmac

from sandbox.errors import Unauthenticated, redacted


def authenticate(authorization: str, *, api_key: str) -> None:
    """Accept the key as a bearer token or as the basic authentication user; raises `Unauthenticated`."""
    scheme, _, credentials = authorization.partition(" ")
    if scheme.lower() == "basic":
        try:
            credentials = base64.b64decode(credentials).decode().partition(":")[0]
        except ValueError:
            credentials = ""
    if not credentials:
        raise Unauthenticated(
            "You did not provide an API key. You need to provide your API key in the Authorization header, "
            "using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See "
            "https://stripe.com/docs/api#authentication for details, or we can help at "
            "https://support.stripe.com/."
        )
    if not hmac.compare_digest(credentials.encode(), api_key.encode()):
        raise Unauthenticated(f"Invalid API Key provided: {redacted(credentials)}")
