"""The capability table is what the code says."""

from __future__ import annotations

from pathlib import Path

from integrations.capabilities import AREAS, NOT_OFFERED, NOT_SUPPORTED, SYNCED, capabilities_document, capabilities_of
from integrations.port import Limit
from integrations.registry import provider, providers
from sync.streams import TARGETS

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "capabilities.md"


class Sparse:
    """A system with boards alone."""

    key, name, tagline, credential_fields = "sparse", "Sparse", "", ()
    streams = tuple(spec for spec in provider("connectwise").streams if spec.name == "boards")
    limits = (
        Limit(stream="agreements", why="It has none.", offered=False),
        Limit(stream="assets", why="Not yet."),
        Limit(stream="boards", why="Only the active ones."),
    )


def test_every_stream_that_has_a_store_has_a_line() -> None:
    assert set(AREAS) == set(TARGETS)
    for entry in providers():
        assert {spec.name for spec in entry.streams} == {
            row.stream for row in capabilities_of(entry) if row.state == SYNCED
        }


def test_what_is_not_synced_says_why() -> None:
    rows = {row.stream: row for row in capabilities_of(Sparse())}  # type: ignore[arg-type]
    assert (rows["boards"].state, rows["boards"].notes) == (SYNCED, ["Only the active ones."])
    assert (rows["agreements"].state, rows["agreements"].notes) == (NOT_OFFERED, ["It has none."])
    assert (rows["assets"].state, rows["assets"].notes) == (NOT_SUPPORTED, ["Not yet."])
    assert rows["invoices"].state == NOT_SUPPORTED
    assert all(row.notes for row in rows.values() if row.state != SYNCED)


def test_the_document_is_up_to_date() -> None:
    wanted = capabilities_document(providers())
    assert DOCUMENT.read_text() == wanted, "run: bin/manage connection capabilities --markdown > docs/capabilities.md"
