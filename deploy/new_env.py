"""Prints the .env of a new installation, with fresh secrets: python3 deploy/new_env.py portal.example.com > .env"""

from __future__ import annotations

import base64
import secrets
import sys

COMPOSE_NETWORK = "172.31.240.0/24"
"""The network of docker-compose.yml, by whose gateway a proxy on the machine reaches the pages. Another proxy: its own address."""


def lines(host: str) -> list[str]:
    """The settings that docker-compose.yml asks for. Passwords are hexadecimal: they become parts of addresses."""
    passwords = ("POSTGRES_PASSWORD", "OWNER_DATABASE_PASSWORD", "APP_DATABASE_PASSWORD", "REDIS_PASSWORD")
    return [
        "# Keep this file secret, and a copy of it in another place: CREDENTIAL_KEYS opens the stored credentials.",
        f"ALLOWED_HOSTS={host}",
        f"BASE_URL=https://{host}",
        f"TRUSTED_PROXIES={COMPOSE_NETWORK}",
        "EMAIL_URL=",
        f"DEFAULT_FROM_EMAIL=MSPortal <portal@{host}>",
        f"SECRET_KEY={secrets.token_hex(40)}",
        f"CREDENTIAL_KEYS={base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()}",
        *(f"{name}={secrets.token_hex(24)}" for name in passwords),
    ]


if __name__ == "__main__":
    if len(sys.argv) != 2 or "/" in sys.argv[1]:
        raise SystemExit("Give the host name that people type: python3 deploy/new_env.py portal.example.com > .env")
    print("\n".join(lines(sys.argv[1])))
