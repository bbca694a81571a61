"""The marketplace's tokens: JSON Web Tokens, signed with its private key or with a secret shared with it.

Source: https://www.rfc-editor.org/rfc/rfc8725 (best current practices for JSON Web Tokens)
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import jwt
from django.conf import settings

from accounts.errors import KeysUnavailable, NoSharedSecret, TokenRefused
from accounts.principals import Principal
from database.fields import is_external

SHARED_KEY_ALGORITHMS = ["HS256"]
PUBLIC_KEY_ALGORITHMS = ["ES256", "RS256"]
LEEWAY = timedelta(seconds=10)  # tolerated difference between the marketplace's clock and ours
KEYS_KEPT_SECONDS = 300
KEYS_TIMEOUT_SECONDS = 3
UNKNOWN_KEY_COOLDOWN_SECONDS = 30
OUTAGE_COOLDOWN_SECONDS = 5


class MarketplaceKeys(jwt.PyJWKClient):
    """The public keys at JWT_JWKS_URL, kept during an outage of the marketplace.

    They are fetched again when they are old, or when a token names an unknown key. The latter happens at most once
    per cooldown, so that junk key ids don't cause a request each. While fetching fails, the last keys are used.
    """

    def __init__(self, address: str) -> None:
        super().__init__(
            address,
            lifespan=KEYS_KEPT_SECONDS,
            timeout=KEYS_TIMEOUT_SECONDS,
            cooldown_duration=UNKNOWN_KEY_COOLDOWN_SECONDS,
        )
        self._last: jwt.PyJWKSet | None = None
        self._failed_at = float("-inf")

    def get_jwk_set(self, refresh: bool = False) -> jwt.PyJWKSet:
        """Return the current keys, or the last ones fetched.

        Raises: KeysUnavailable if no keys were ever fetched.
        """
        if time.monotonic() - self._failed_at >= OUTAGE_COOLDOWN_SECONDS:
            try:
                self._last = super().get_jwk_set(refresh)
            except (jwt.PyJWTError, OSError, ValueError):
                self._failed_at = time.monotonic()
        if self._last is None:
            raise KeysUnavailable
        return self._last

    @staticmethod
    def _get_signing_keys_from_jwk_set(jwk_set: jwt.PyJWKSet) -> list[jwt.PyJWK]:
        """Return the signing keys. The library's own method skips keys without a `kid`, which is optional."""
        return [key for key in jwk_set.keys if key.public_key_use in {"sig", None}]

    def key_for(self, header: Mapping[str, Any]) -> jwt.PyJWK:
        """Find the key that a token's header asks for.

        If the set has only one key for the token's algorithm, a key without `kid` fits every token, and a token
        without `kid` fits every key. Otherwise the `kid`s must match.

        Raises: KeysUnavailable, jwt.PyJWKClientError.

        Source: https://www.rfc-editor.org/rfc/rfc7515#section-4.1.4, https://www.rfc-editor.org/rfc/rfc7517#section-4.5
        """
        key_id = header.get("kid")
        matching = [key for key in self.get_signing_keys() if key.algorithm_name == header.get("alg")]
        if len(matching) == 1 and (key_id is None or matching[0].key_id is None):
            return matching[0]
        return self.get_signing_key(str(key_id or ""))


def read_token(token: str) -> Principal:
    """Verify a token's signature, issuer, audience and times, and return its bearer.

    Raises: TokenRefused, KeysUnavailable.
    """
    try:
        claims = jwt.decode(
            token,
            **_key(token),
            issuer=settings.JWT_ISSUER or None,
            audience=settings.JWT_AUDIENCE,
            leeway=LEEWAY,
            options={"require": ["aud", "exp", "sub"]},
        )
    except jwt.ExpiredSignatureError as error:
        raise TokenRefused("The token has expired.", code="token_expired") from error
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise TokenRefused("The token is not valid.", code="token_invalid") from error
    return _principal(claims)


def issue_token(principal: Principal, *, now: datetime, lifetime: timedelta) -> str:
    """Sign a token as the marketplace would; possible only with a shared secret.

    Raises: NoSharedSecret.
    """
    if not settings.JWT_SECRET:
        raise NoSharedSecret
    claims = {
        "sub": principal.subject,
        "role": principal.role,
        "email": principal.email,
        "scope": " ".join(sorted(principal.scopes)),
        "iss": settings.JWT_ISSUER,
        "aud": settings.JWT_AUDIENCE,
        "iat": now,
        "exp": now + lifetime,
    }
    return jwt.encode({name: value for name, value in claims.items() if value}, settings.JWT_SECRET, "HS256")


@lru_cache(maxsize=1)
def marketplace_keys(address: str) -> MarketplaceKeys:
    return MarketplaceKeys(address)


def _key(token: str) -> dict[str, Any]:
    # We choose a key's algorithms, never the token: otherwise a public key could pass for a secret.
    if settings.JWT_SECRET:
        return {"key": settings.JWT_SECRET, "algorithms": SHARED_KEY_ALGORITHMS}
    key = marketplace_keys(settings.JWT_JWKS_URL).key_for(jwt.get_unverified_header(token))
    return {"key": key, "algorithms": PUBLIC_KEY_ALGORITHMS}


def _principal(claims: dict[str, Any]) -> Principal:
    subject, role, email = claims["sub"], claims.get("role", ""), claims.get("email", "")
    scope = claims.get("scope", "")
    scopes = scope.split() if isinstance(scope, str) else scope
    texts = [role, email, *(scopes if isinstance(scopes, list) else [None])]
    if not is_external(subject) or not all(isinstance(text, str) for text in texts):
        raise TokenRefused("The token's claims are not valid.", code="token_invalid")
    return Principal(subject=subject, role=role, email=email, scopes=frozenset(scopes))
