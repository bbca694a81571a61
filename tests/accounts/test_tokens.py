"""Only tokens that the marketplace signed, for us and for now, are accepted."""

import base64
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.core.management import call_command
from pytest_django import Settings

from accounts import tokens
from accounts.errors import KeysUnavailable, NoSharedSecret, TokenRefused
from accounts.principals import Principal
from database.models import RecordedAct

SECRET = "a secret that the marketplace shares with us"
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())


def claims(**changed: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    payload = {
        "sub": "alice",
        "role": "creator",
        "email": "alice@example.com",
        "scope": "",
        "iss": "https://market.example",
        "aud": "payouts",
        "nbf": now - timedelta(minutes=1),
        "exp": now + timedelta(minutes=5),
        **changed,
    }
    return {name: value for name, value in payload.items() if value is not None}


@pytest.fixture
def shared_secret(settings: Settings) -> None:
    settings.JWT_SECRET, settings.JWT_JWKS_URL = SECRET, ""
    settings.JWT_ISSUER = "https://market.example"


class KeyServer:
    """The marketplace's JWKS endpoint, which counts its requests."""

    def __init__(self) -> None:
        self.keys: dict[str, Any] = {"first": RSA_KEY.public_key(), "second": EC_KEY.public_key()}
        self.without_ids = False
        self.more: list[dict[str, Any]] = []
        self.requests = 0
        self.down = False
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.requests += 1
                self.send_response(500 if outer.down else 200)
                self.end_headers()
                self.wfile.write(json.dumps({"keys": outer.published()}).encode())

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/keys"

    def published(self) -> list[dict[str, Any]]:
        return [
            *(
                {**as_jwk(key), "use": "sig", **({} if self.without_ids else {"kid": name})}
                for name, key in self.keys.items()
            ),
            *self.more,
        ]


def as_jwk(key: Any) -> dict[str, Any]:
    is_rsa = isinstance(key, rsa.RSAPublicKey)
    kind: Any = jwt.algorithms.RSAAlgorithm if is_rsa else jwt.algorithms.ECAlgorithm
    written: dict[str, Any] = kind.to_jwk(key, as_dict=True)
    return written


@pytest.fixture
def key_server(settings: Settings) -> Iterator[KeyServer]:
    server = KeyServer()
    threading.Thread(target=server.server.serve_forever, daemon=True).start()
    settings.JWT_SECRET, settings.JWT_JWKS_URL = "", server.address
    settings.JWT_ISSUER = "https://market.example"
    tokens.marketplace_keys.cache_clear()
    yield server
    server.server.shutdown()
    server.server.server_close()
    tokens.marketplace_keys.cache_clear()


def signed(
    private_key: Any = RSA_KEY, *, kid: str | None = "first", algorithm: str = "RS256", **changed: Any
) -> str:
    return jwt.encode(claims(**changed), private_key, algorithm, headers={"kid": kid} if kid else None)


@pytest.mark.usefixtures("shared_secret")
def test_a_token_identifies_its_bearer() -> None:
    token = jwt.encode(claims(scope="billing reports"), SECRET, "HS256")
    assert tokens.read_token(token) == Principal(
        subject="alice",
        role="creator",
        email="alice@example.com",
        scopes=frozenset({"billing", "reports"}),
    )


REFUSED: dict[str, dict[str, Any]] = {
    "expired": {"exp": datetime(2020, 1, 1, tzinfo=UTC)},
    "not valid yet": {"nbf": datetime(2100, 1, 1, tzinfo=UTC)},
    "of another issuer": {"iss": "https://elsewhere.example"},
    "of no issuer": {"iss": None},
    "for another audience": {"aud": "billing"},
    "for no audience": {"aud": None},
    "for ever": {"exp": None},
    "of nobody": {"sub": None},
    "of an empty name": {"sub": ""},
    "of a name that is no id": {"sub": "a/b"},
    "of a number": {"sub": 7},
    "with a role that is no text": {"role": ["creator"]},
    "with scopes that are no text": {"scope": {"billing": True}},
    "with a scope that is no text": {"scope": [7]},
}


@pytest.mark.usefixtures("shared_secret")
@pytest.mark.parametrize("changed", REFUSED.values(), ids=REFUSED.keys())
def test_a_token_that_is_not_for_us_or_not_for_now_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(TokenRefused):
        tokens.read_token(jwt.encode(claims(**changed), SECRET, "HS256"))


@pytest.mark.usefixtures("shared_secret")
def test_an_expired_token_says_so() -> None:
    with pytest.raises(TokenRefused) as refused:
        tokens.read_token(jwt.encode(claims(exp=datetime(2020, 1, 1, tzinfo=UTC)), SECRET, "HS256"))
    assert refused.value.code == "token_expired"


@pytest.mark.usefixtures("shared_secret")
def test_clocks_may_differ_a_little() -> None:
    late = datetime.now(UTC) - timedelta(seconds=5)
    assert tokens.read_token(jwt.encode(claims(exp=late), SECRET, "HS256")).subject == "alice"


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.usefixtures("shared_secret")
@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b.c",
        "\x00",
        f"{part({'alg': 'none'})}.{part({'sub': 'alice', 'aud': 'payouts', 'exp': 2**40})}.",
        f"{part({'alg': 'HS256'})}.{part({'sub': 'alice', 'aud': 'payouts', 'exp': 2**40})}.AAAA",
        f"{part({'alg': 'HS256', 'kid': {}})}.{part([])}.AAAA",
        base64.urlsafe_b64encode(b'{"a":' + b"[" * 20_000).decode() + ".e30.AAAA",
        jwt.encode(claims(), "another secret, as long as ours is", "HS256"),
        jwt.encode(claims(), SECRET * 2, "HS512"),
    ],
)
def test_a_forged_token_is_refused(token: str) -> None:
    with pytest.raises(TokenRefused):
        tokens.read_token(token)


def test_both_kinds_of_public_keys_work(key_server: KeyServer) -> None:
    assert tokens.read_token(signed()).subject == "alice"
    assert tokens.read_token(signed(EC_KEY, kid="second", algorithm="ES256")).subject == "alice"
    assert key_server.requests == 1


@pytest.mark.usefixtures("key_server")
def test_a_public_key_is_no_secret() -> None:
    published = RSA_KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    header, payload = part({"alg": "HS256", "kid": "first"}), part({**claims(nbf=None), "exp": 2**40})
    signature = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(
        f"{header}.{payload}".encode(), published
    )
    forged = f"{header}.{payload}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"
    with pytest.raises(TokenRefused):
        tokens.read_token(forged)


@pytest.mark.usefixtures("key_server")
def test_another_key_under_a_known_id_is_refused() -> None:
    with pytest.raises(TokenRefused):
        tokens.read_token(signed(OTHER_RSA_KEY))


def test_junk_key_ids_do_not_cause_a_request_each(key_server: KeyServer) -> None:
    for number in range(20):
        with pytest.raises(TokenRefused):
            tokens.read_token(signed(kid=f"junk-{number}"))
    assert key_server.requests <= 2


@pytest.mark.parametrize("without_ids", [False, True])
def test_a_token_without_a_key_id_matches_the_only_key_of_its_kind(
    key_server: KeyServer, without_ids: bool
) -> None:
    key_server.without_ids = without_ids
    assert tokens.read_token(signed(kid=None)).subject == "alice"
    assert tokens.read_token(signed(EC_KEY, kid=None, algorithm="ES256")).subject == "alice"
    del key_server.keys["second"]
    tokens.marketplace_keys.cache_clear()
    assert tokens.read_token(signed(kid=None)).subject == "alice"
    with pytest.raises(TokenRefused):
        tokens.read_token(signed(EC_KEY, kid=None, algorithm="ES256"))


def test_a_key_without_an_id_matches_tokens_with_any_key_id(key_server: KeyServer) -> None:
    key_server.without_ids = True
    for number in range(20):
        assert tokens.read_token(signed(kid=f"any-{number}")).subject == "alice"
    assert key_server.requests == 1
    with pytest.raises(TokenRefused):
        tokens.read_token(signed(OTHER_RSA_KEY, kid=None))


def test_of_several_keys_of_a_kind_a_token_must_name_its_own(key_server: KeyServer) -> None:
    key_server.keys["third"] = OTHER_RSA_KEY.public_key()
    assert tokens.read_token(signed()).subject == "alice"
    assert tokens.read_token(signed(OTHER_RSA_KEY, kid="third")).subject == "alice"
    for name in (None, "second", "nosuch"):
        with pytest.raises(TokenRefused):
            tokens.read_token(signed(kid=name))
    assert tokens.read_token(signed(EC_KEY, kid=None, algorithm="ES256")).subject == "alice"
    key_server.without_ids = True
    tokens.marketplace_keys.cache_clear()
    for name in (None, "first"):
        with pytest.raises(TokenRefused):
            tokens.read_token(signed(kid=name))


def test_a_token_that_names_another_key_than_the_only_one_is_refused(key_server: KeyServer) -> None:
    del key_server.keys["second"]
    with pytest.raises(TokenRefused):
        tokens.read_token(signed(kid="second"))


def test_keys_that_cannot_verify_are_not_used(key_server: KeyServer) -> None:
    """Keys for encryption or other algorithms, and secrets that shouldn't be published."""
    shared = "c2VjcmV0" * 8
    key_server.keys.clear()
    key_server.more = [
        {**as_jwk(RSA_KEY.public_key()), "use": "enc"},
        {**as_jwk(RSA_KEY.public_key()), "alg": "RS512"},
        {"kty": "oct", "k": shared},
    ]
    for token in (
        signed(kid=None),
        signed(kid=None, algorithm="RS512"),
        jwt.encode(claims(), base64.urlsafe_b64decode(shared), "HS256"),
    ):
        with pytest.raises(TokenRefused):
            tokens.read_token(token)
    assert key_server.requests <= 2


def test_a_new_key_is_fetched(key_server: KeyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "UNKNOWN_KEY_COOLDOWN_SECONDS", 0)
    second = key_server.keys.pop("second")
    assert tokens.read_token(signed()).subject == "alice"
    key_server.keys["second"] = second
    assert tokens.read_token(signed(EC_KEY, kid="second", algorithm="ES256")).subject == "alice"


def test_known_keys_work_during_an_outage(key_server: KeyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "KEYS_KEPT_SECONDS", 0.001)
    assert tokens.read_token(signed()).subject == "alice"
    key_server.down = True
    for _ in range(5):
        assert tokens.read_token(signed()).subject == "alice"
    assert key_server.requests == 2


def test_without_any_key_no_token_is_called_invalid(key_server: KeyServer) -> None:
    key_server.down = True
    for _ in range(5):
        with pytest.raises(KeysUnavailable):
            tokens.read_token(signed())
    assert key_server.requests == 1


def test_only_the_marketplace_signs_with_its_private_key(settings: Settings) -> None:
    settings.JWT_SECRET = ""
    with pytest.raises(NoSharedSecret):
        tokens.issue_token(Principal("alice"), now=datetime.now(UTC), lifetime=timedelta(hours=1))


@pytest.mark.django_db
def test_for_whom_the_command_signed_a_token_is_recorded(settings: Settings) -> None:
    settings.JWT_SECRET = SECRET
    out = StringIO()
    call_command("issue_token", "--creator", "alice", "--hours", "2", "--json", stdout=out)
    assert tokens.read_token(json.loads(out.getvalue())["token"]).subject == "alice"
    (act,) = RecordedAct.objects.all()
    assert (act.kind, act.actor) == ("issue_token", "the operator via cli")
    assert (act.after["role"], act.after["subject"]) == ("creator", "alice")
