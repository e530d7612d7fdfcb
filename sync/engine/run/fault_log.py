"""What the process's log says of a fault: its kind and where in the code it came from; of its words nothing that is secret or a payload."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import Path

import structlog

from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from integrations.redaction import redacted
from integrations.services.opening import credentials_of
from sync.engine.run.lease import Lease
from sync.engine.run.work import Place

log = structlog.get_logger("sync")
ROOT = Path(__file__).resolve().parents[3]
CHAIN = 5
"""Errors behind an error that are told."""
FRAMES = 25
"""Places in the code that are told of one, the innermost."""
SAID = 200
"""Characters of an error's own words."""


def log_fault(lease: Lease, place: Place, error: Exception, reference: str) -> None:
    """One line, with a reference that people can give to whoever reads the log."""
    log.error(
        "A fault stopped a slice of a run",
        reference=reference,
        organization=lease.organization_id,
        connection=lease.connection_id,
        run=lease.run_id,
        stream=place.stream,
        page=place.page,
        parent=place.parent,
        errors=list(errors_of(error, secrets_of(lease))),
    )


def errors_of(error: BaseException, secrets: list[str] | None) -> Iterator[dict[str, object]]:
    """The error and those behind it: {"kind", "said", "at"}. Without the secrets to look for nothing of its words is told."""
    one: BaseException | None = error
    for _ in range(CHAIN):
        if one is None:
            return
        frames = traceback.extract_tb(one.__traceback__)[-FRAMES:]
        yield {
            "kind": type(one).__name__,
            "said": "" if secrets is None else redacted(str(one), secrets, length=SAID),
            "at": [f"{short(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames],
        }
        one = one.__cause__ or one.__context__


def short(filename: str) -> str:
    """A file's path from the project's folder, or from that of the libraries."""
    path = Path(filename)
    if path.is_relative_to(ROOT) and "site-packages" not in path.parts:
        return str(path.relative_to(ROOT))
    return "/".join(path.parts[-3:])


def secrets_of(lease: Lease) -> list[str] | None:
    """The credentials of the run's connection; None where they can't be read now."""
    try:
        with tenant_transaction(lease.organization_id):
            connection = Connection.objects.filter(pk=lease.connection_id).first()
            return list(credentials_of(connection).values()) if connection else []
    except Exception:
        # Boundary: the log of a fault must come to its end whatever else is broken, and it says less then.
        return None
