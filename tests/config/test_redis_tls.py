"""Redis over TLS: one setting, and every caller verifies the certificate."""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.core.exceptions import ImproperlyConfigured

from portal.config.env import redis_server

ROOT = Path(__file__).resolve().parents[2]
CACHE = "from foundation.core.lenient_cache import redis_ping; redis_ping(); print('answered')"
BROKER = "from portal.config import celery_app as app; app.connection().ensure_connection(max_retries=1, timeout=3); print('answered')"
HEALTH = "import runpy, sys; sys.argv = ['healthcheck', '--servers']; runpy.run_path('deploy/healthcheck.py', run_name='__main__')"
CALLERS = {"cache": CACHE, "broker": BROKER}


def certificate(folder: Path, name: str, host: str = "127.0.0.1") -> Path:
    """A self-signed certificate with its key in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{name}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return file


class TlsRelay:
    """TLS in front of the tests' own Redis."""

    def __init__(self, file: Path) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(file)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"rediss://127.0.0.1:{self._listener.getsockname()[1]}/0"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._relayed, args=(client,), daemon=True).start()

    def _relayed(self, client: socket.socket) -> None:
        with suppress(OSError), self._context.wrap_socket(client, server_side=True) as secure, redis_socket() as plain:
            threading.Thread(target=copied, args=(plain, secure), daemon=True).start()
            copied(secure, plain)


def copied(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_RDWR)


def redis_socket() -> socket.socket:
    parts = urlsplit(os.environ["REDIS_URL"])
    if parts.scheme == "unix":
        line = socket.socket(socket.AF_UNIX)
        line.connect(parts.path)
        return line
    return socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 6379))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """(address, certificate) of a Redis over TLS with a certificate of its own."""
    file = certificate(tmp_path, "server")
    with closing(TlsRelay(file)) as relay:
        yield relay.url, file


def called(program: str, url: str, authority: Path | None = None) -> subprocess.CompletedProcess[str]:
    trusted = {"REDIS_CA_FILE": str(authority)} if authority else {}
    code = program if program == HEALTH else f"import django; django.setup(); {program}"
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        check=False,
        cwd=ROOT,
        env={**os.environ, "REDIS_URL": url, **trusted},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("caller", CALLERS)
def test_a_certificate_that_nobody_vouches_for_is_refused(server: tuple[str, Path], caller: str) -> None:
    done = called(CALLERS[caller], server[0])
    assert (done.returncode != 0, done.stdout) == (True, "")
    assert "CERTIFICATE_VERIFY_FAILED" in done.stderr


@pytest.mark.parametrize("caller", CALLERS)
def test_the_same_certificate_is_accepted_with_its_authority(server: tuple[str, Path], caller: str) -> None:
    done = called(CALLERS[caller], server[0], server[1])
    assert done.stdout.strip() == "answered"


@pytest.mark.parametrize("caller", CALLERS)
def test_a_certificate_of_another_host_is_refused(tmp_path: Path, caller: str) -> None:
    file = certificate(tmp_path, "elsewhere", host="192.0.2.1")
    with closing(TlsRelay(file)) as relay:
        done = called(CALLERS[caller], relay.url, file)
    assert (done.returncode != 0, "CERTIFICATE_VERIFY_FAILED" in done.stderr) == (True, True)


def test_the_health_check_verifies_too(server: tuple[str, Path]) -> None:
    assert called(HEALTH, server[0], server[1]).returncode == 0
    assert "A server does not answer" in called(HEALTH, server[0]).stderr


def test_an_address_can_not_switch_verification_off(monkeypatch: pytest.MonkeyPatch) -> None:
    for option in ("ssl_cert_reqs=none", "ssl_cert_reqs=CERT_NONE", "ssl_check_hostname=false"):
        monkeypatch.setenv("REDIS_URL", f"rediss://redis.example.com/0?{option}")
        with pytest.raises(ImproperlyConfigured, match="must not say how TLS is done"):
            redis_server()


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_an_authority_that_can_not_be_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None
) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("REDIS_URL", "rediss://redis.example.com/0")
    monkeypatch.setenv("REDIS_CA_FILE", str(file))
    with pytest.raises(ImproperlyConfigured, match=r"REDIS_CA_FILE is .* which can't be read"):
        redis_server()


def test_without_tls_nothing_is_said_of_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    for url in ("redis://redis.example.com/0", "unix:///run/redis.sock?db=2"):
        monkeypatch.setenv("REDIS_URL", url)
        assert redis_server().tls == {}
