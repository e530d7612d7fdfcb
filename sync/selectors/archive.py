"""Everything of a connection in one file, to take along."""

from __future__ import annotations

import zipfile
from typing import IO

from foundation.core.csv_files import BOM, csv_text
from integrations.models import Connection
from sync.selectors.instance import stored_columns, stored_rows, stored_streams


def archive_of(connection: Connection, file: IO[bytes]) -> dict[str, int]:
    """Writes a ZIP with one CSV a stream, batch by batch, so that memory stays flat. Returns {stream: records}."""
    written = {}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for target in stored_streams():
            written[target.stream] = 0
            with archive.open(f"{target.stream}.csv", "w", force_zip64=True) as entry:
                entry.write((BOM + csv_text([tuple(stored_columns(target))])).encode())
                for rows in stored_rows(connection, target):
                    entry.write(csv_text(rows).encode())
                    written[target.stream] += len(rows)
    return written
