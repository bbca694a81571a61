"""Authentication by the marketplace's bearer tokens."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts import tokens
from accounts.errors import TokenRefused
from accounts.principals import Principal

SCHEME = "bearer"


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`; requests without it are left to other authentication classes.

    Source: https://www.rfc-editor.org/rfc/rfc6750
    """

    def authenticate(self, request: Request) -> tuple[Principal, None] | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != SCHEME:
            return None
        try:
            return tokens.read_token(token.strip()), None
        except TokenRefused as refusal:
            raise AuthenticationFailed(str(refusal), code=refusal.code) from refusal

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="payouts"'
