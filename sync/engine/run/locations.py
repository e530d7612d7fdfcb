"""Where in a run something went wrong: the stream, the page and the parent, in words for people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from integrations.errors import IntegrationError
from integrations.port import StreamSpec
from sync.streams import stream_words

READABLE_ID = r"[a-z]{0,2}-?[0-9]+([.-]-?[0-9]+)*"
"""The form of all remote ids: numbers, of compound records several, with a letter before them where two collections are one stream."""
ONE = {
    "companies": "company",
    "opportunities": "opportunity",
    "statuses": "status",
    "company_statuses": "company status",
}
"""Streams whose singular is more than the name without its last letter."""


def one_of(stream: str) -> str:
    """ "tickets" → "ticket"."""
    return ONE.get(stream) or stream_words(stream).removesuffix("s")


def page_of(stream: str, number: int) -> str:
    """ "tickets, page 4"."""
    return f"{stream_words(stream)}, page {number:,}"


def below(spec: StreamSpec, parent_id: str) -> str:
    """ "notes of ticket 4711"."""
    return children_of(spec.name, spec.parent, parent_id)


def children_of(stream: str, parent_stream: str, parent_id: str) -> str:
    """The same by the names of the streams."""
    return f"{stream_words(stream)} of {one_of(parent_stream)} {parent_id}"


@contextmanager
def reading(place: str) -> Iterator[None]:
    """Errors of the PSA inside the block know what was being read."""
    try:
        yield
    except IntegrationError as err:
        err.place = err.place or place
        raise
