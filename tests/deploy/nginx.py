"""Debian's nginx with the example from `deploy/`, on ports and with a certificate of the test's own."""

import datetime
import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from payouts_project.local.ports import free_port
from tests.waiting import wait_until

EXAMPLE = Path(__file__).parents[2] / "deploy" / "nginx" / "payouts.conf"
NAME = "payouts.example.com"
# Where Debian puts it, which isn't on everybody's path.
PROGRAM = shutil.which("nginx", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
MAIN = """
{user}
daemon off;
pid nginx.pid;
worker_processes 1;
events {{ worker_connections 2048; }}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    include site.conf;
}}
"""


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where nginx listens, and how to trust it."""

    port: int
    plain_port: int
    trust: ssl.SSLContext


@contextmanager
def nginx(directory: Path, *, web_port: int) -> Iterator[Proxy]:
    """Run nginx in front of the web that listens on `web_port`."""
    assert PROGRAM
    certificate, key = _certify(directory)
    proxy = Proxy(free_port(), free_port(), ssl.create_default_context(cafile=certificate))
    site = EXAMPLE.read_text(encoding="utf-8")
    for theirs, ours in {
        "listen 443 ssl;": f"listen 127.0.0.1:{proxy.port} ssl;",
        "listen 80;": f"listen 127.0.0.1:{proxy.plain_port};",
        "server 127.0.0.1:8086;": f"server 127.0.0.1:{web_port};",
        "/etc/ssl/payouts/fullchain.pem": str(certificate),
        "/etc/ssl/payouts/privkey.pem": str(key),
    }.items():
        assert site.count(theirs) == 1, theirs
        site = site.replace(theirs, ours)
    (directory / "site.conf").write_text(site, encoding="utf-8")
    user = "user root;" if os.geteuid() == 0 else ""
    (directory / "nginx.conf").write_text(MAIN.format(user=user), encoding="utf-8")
    command = [PROGRAM, "-p", str(directory), "-c", "nginx.conf", "-e", "error.log"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: _listens(proxy.port), seconds=20)
            yield proxy
        finally:
            process.terminate()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _certify(directory: Path) -> tuple[Path, Path]:
    """Write a certificate that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate, private = directory / "fullchain.pem", directory / "privkey.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return certificate, private
