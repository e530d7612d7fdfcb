"""The certificate of a sandbox that speaks HTTPS: files that are given, or a self-signed one for this machine."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

CERTIFICATE, KEY = "certificate.pem", "key.pem"
VALID = dt.timedelta(days=365)


class CertificateProblem(Exception):
    """The directory's certificate cannot be used. The message is a sentence for people."""


def context(directory: Path, host: str) -> ssl.SSLContext:
    """TLS with ``certificate.pem`` and ``key.pem`` of the directory, which are made where neither is there. Raises CertificateProblem."""
    certificate, key = directory / CERTIFICATE, directory / KEY
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        if not certificate.exists() and not key.exists():
            _make(directory, host)
        made.load_cert_chain(certificate, key)
    except (OSError, ValueError) as err:
        raise CertificateProblem(f"{CERTIFICATE} and {KEY} in {directory} cannot be used: {err}.") from err
    return made


def _make(directory: Path, host: str) -> None:
    """A certificate for the host, this machine's own names and no others. It is its own authority, for clients to trust."""
    directory.mkdir(parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "MSPortal sandbox")])
    # Some clients refuse a certificate that begins later than their own clock.
    began = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(began).not_valid_after(began + VALID)
    builder = builder.add_extension(x509.SubjectAlternativeName(_names(host)), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (directory / KEY).touch(mode=0o600)
    (directory / KEY).write_bytes(private)
    (directory / CERTIFICATE).write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))


def _names(host: str) -> list[x509.GeneralName]:
    found: dict[str, x509.GeneralName] = {"localhost": x509.DNSName("localhost")}
    for text in ("127.0.0.1", "::1", host):
        try:
            found[text] = x509.IPAddress(ipaddress.ip_address(text))
        except ValueError:
            found[text] = x509.DNSName(text)
    return list(found.values())
