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
LEEWAY = timedelta(seconds=10)  # how far the marketplace's clock may be from ours
KEYS_KEPT_SECONDS = 300
KEYS_TIMEOUT_SECONDS = 3
UNKNOWN_KEY_COOLDOWN_SECONDS = 30
OUTAGE_COOLDOWN_SECONDS = 5


class MarketplaceKeys(jwt.PyJWKClient):
    """The public keys at JWT_JWKS_URL, kept through an outage of the marketplace.

    They are fetched again when they are old, or when a token names an unknown key: then at most once per
    cooldown, so that junk key ids make no request each. While the address fails, the last keys serve.
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
        """Return the keys there now, or the last that were there.

        Raises: KeysUnavailable before any keys were ever fetched.
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
        """Choose the keys that sign; the library's own passes over those without `kid`, which is optional."""
        return [key for key in jwk_set.keys if key.public_key_use in {"sig", None}]

    def key_for(self, header: Mapping[str, Any]) -> jwt.PyJWK:
        """Find the key that a token's header asks for.

        A key without `kid` serves tokens with and without, and a token without `kid` is served by any key, if only one
        of the set is of the token's kind. A token that names a key which the set names too is served by no other.

        Raises: KeysUnavailable, jwt.PyJWKClientError.

        Source: https://www.rfc-editor.org/rfc/rfc7515#section-4.1.4, https://www.rfc-editor.org/rfc/rfc7517#section-4.5
        """
        named = header.get("kid")
        of_its_kind = [key for key in self.get_signing_keys() if key.algorithm_name == header.get("alg")]
        if len(of_its_kind) == 1 and (named is None or of_its_kind[0].key_id is None):
            return of_its_kind[0]
        return self.get_signing_key(str(named or ""))


def read_token(token: str) -> Principal:
    """Return whom a token speaks for, once its signature, issuer, audience and times are verified.

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
        raise TokenRefused("The token can't be used.", code="token_invalid") from error
    return _principal(claims)


def issue_token(principal: Principal, *, now: datetime, lifetime: timedelta) -> str:
    """Sign a token as the marketplace would; only where it shares a secret with us.

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
    # Which algorithms a key serves is ours to say, never the token's: else a public key passes for a secret.
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
        raise TokenRefused("The token's claims can't be used.", code="token_invalid")
    return Principal(subject=subject, role=role, email=email, scopes=frozenset(scopes))
