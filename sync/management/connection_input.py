"""What the connection command reads from files, checked."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from integrations import registry
from integrations.port import CredentialsInvalid
from integrations.settings_schema import ConnectionSettings, check_safeguards, settings_from


def json_file(path: str) -> dict[str, Any]:
    """The JSON object in a file, or on standard input for "-". Raises CommandError with a sentence."""
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
        values = json.loads(text)
    except OSError as err:
        raise CommandError(f"{path} can't be read: {err.strerror}. Check the name and the rights.") from err
    except UnicodeDecodeError as err:
        raise CommandError(f"{path} is not text in UTF-8. Save it as UTF-8.") from err
    except json.JSONDecodeError as err:
        # The text itself stays out of the message: it may be credentials.
        raise CommandError(f"{path} is not JSON: line {err.lineno}, column {err.colno}.") from err
    if not isinstance(values, dict):
        raise CommandError(f"{path} must hold one JSON object, such as {{…}}.")
    return values


def credentials_from(values: dict[str, Any], provider: str) -> dict[str, str]:
    """Checked credentials. Raises CommandError with every missing and unknown key."""
    known = registry.provider(provider)
    names = [field.name for field in known.credential_fields]
    wrong = sorted(name for name, value in values.items() if not isinstance(value, str))
    if wrong:
        raise CommandError(f"Credentials are texts; {', '.join(wrong)} is not.")
    cleaned: dict[str, str] = {}
    problems: list[str] = []
    try:
        cleaned = known.clean_credentials(values)
    except CredentialsInvalid as err:
        problems += [f"{name}: {sentence}" for name, sentence in err.errors.items()]
    unknown = sorted(set(values) - {*names, *cleaned})
    if unknown:
        problems.append(f"{known.name} has no {', '.join(unknown)}.")
    if problems:
        raise CommandError(" ".join([*problems, f"The keys are {', '.join(names)}."]))
    return cleaned


def settings_for(provider: str, values: dict[str, Any], given: Collection[str]) -> ConnectionSettings:
    """Checked settings. ``given``: those that are named now. Raises SettingsInvalid."""
    wanted = settings_from(values, streams=tuple(spec.name for spec in registry.provider(provider).streams))
    if "hold_second_percent" in given:
        check_safeguards(wanted)
    return wanted
