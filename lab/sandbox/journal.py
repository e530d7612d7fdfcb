"""What was changed, in a file, so that the same PSA comes back after a restart."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Protocol

import msgspec

from lab.sandbox.collection import Json, Records
from lab.sandbox.seed import Seed


class World(Protocol):
    """What is remembered. ``draws``: how often chance was asked for things done by hand."""

    draws: int

    @property
    def seed(self) -> Seed: ...

    @property
    def collections(self) -> Mapping[str, Records]: ...

    def replayed(self, name: str, record: Json) -> None:
        """Told of each record that came from the file: what refers to it may have to follow."""


class JournalError(Exception):
    """The file cannot be used. The message is a sentence for people."""


class Header(msgspec.Struct):
    """The first line: what the changes were made to."""

    seed: int
    tickets: int
    now: int


class Entry(msgspec.Struct):
    """One record as it is since; no record means that it is gone."""

    collection: str
    id: int
    record: Json | None


class Journal:
    """A file of one line a change. Opening it cuts it down to the last line of each record."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[bytes] | None = None

    def seed(self, wanted: Seed, now_is_given: bool) -> Seed:
        """The seed to start from: the file's day, if there is a file. Raises JournalError if it is another PSA's."""
        lines = self._lines()
        if not lines:
            return wanted
        try:
            header = msgspec.json.decode(lines[0], type=Header)
        except msgspec.MsgspecError as err:
            raise JournalError(f"{self.path} is no state file of this sandbox.") from err
        known = (header.seed, header.tickets)
        if known != (wanted.number, wanted.tickets) or (now_is_given and header.now != wanted.now):
            raise JournalError(
                f"{self.path} belongs to --seed {header.seed} --tickets {header.tickets}: "
                "start with these, or name another file."
            )
        return Seed(header.seed, header.tickets, header.now, wanted.projects)

    def resume(self, psa: World) -> None:
        """Makes the changes of the file again, and writes each further one. Raises JournalError."""
        latest = {(entry.collection, entry.id): entry for entry in self._entries()}
        entries = sorted(latest.values(), key=lambda entry: (entry.collection, entry.id))
        for entry in entries:
            _replay(psa, entry)
        # What is done by hand from now on must not come out as it did before.
        psa.draws = len(entries)
        header = Header(psa.seed.number, psa.seed.tickets, psa.seed.now)
        fresh = self.path.with_name(self.path.name + ".new")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in (header, *entries)))
            os.replace(fresh, self.path)
            self._file = self.path.open("ab", buffering=0)
        except OSError as err:
            raise JournalError(f"{self.path} cannot be written: {err.strerror}.") from err
        for name, collection in psa.collections.items():
            collection.on_change = _Writer(self._file, name)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _lines(self) -> list[bytes]:
        try:
            return self.path.read_bytes().splitlines()
        except FileNotFoundError:
            return []
        except OSError as err:
            raise JournalError(f"{self.path} cannot be read: {err.strerror}.") from err

    def _entries(self) -> Iterator[Entry]:
        lines = self._lines()[1:]
        for number, line in enumerate(lines, 2):
            try:
                yield msgspec.json.decode(line, type=Entry)
            except msgspec.MsgspecError as err:
                # A kill may have cut the last line; it was not acknowledged then.
                if number <= len(lines):
                    raise JournalError(f"{self.path} is damaged at line {number}.") from err


class _Writer:
    """Appends the changes of one collection."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._file = file
        self._name = name

    def __call__(self, record_id: int, record: Json | None) -> None:
        self._file.write(msgspec.json.encode(Entry(self._name, record_id, record)) + b"\n")


def _replay(psa: World, entry: Entry) -> None:
    collection = psa.collections.get(entry.collection)
    if collection is None:
        return
    if entry.record is None:
        if not collection.drop(entry.id):
            collection.skip(entry.id)
        return
    collection.put(entry.record)
    psa.replayed(entry.collection, entry.record)
