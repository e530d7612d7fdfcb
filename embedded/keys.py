"""Secrets of an installation on embedded servers: made once, kept in the state directory."""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from embedded.errors import ServersError, explained


def kept_secrets(home: Path) -> dict[str, str]:
    """SECRET_KEY and CREDENTIAL_KEYS from ``home``/secrets.json (0600), which is written when it is missing.

    Call it under the start lock: two writers would each keep other keys.
    """
    return kept(
        home / "secrets.json",
        lambda: {
            "SECRET_KEY": secrets.token_urlsafe(50),
            "CREDENTIAL_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        },
    )


def kept(path: Path, make: Callable[[], dict[str, str]]) -> dict[str, str]:
    """The strings in the JSON file ``path``, made and written (0600, at once or not at all) when there is none."""
    with explained(path):
        try:
            found = json.loads(path.read_text())
        except FileNotFoundError:
            found = make()
            building = path.with_name(f"{path.name}.new")
            building.unlink(missing_ok=True)
            with os.fdopen(os.open(building, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
                json.dump(found, out, indent=1)
                out.flush()
                os.fsync(out.fileno())
            building.rename(path)
        except ValueError as err:
            raise ServersError(
                f"{path} is not readable JSON. Bring it back from a backup; without it the stored credentials are lost."
            ) from err
    return {str(name): str(value) for name, value in found.items()}
