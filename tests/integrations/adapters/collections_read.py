"""Every collection that an adapter reads, served byte by byte: what its rows are, where they are asked for, and how they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from integrations.adapters.autotask import payloads as at
from integrations.adapters.autotask import streams as autotask_streams
from integrations.adapters.connectwise import streams as connectwise_streams
from integrations.adapters.halo import streams as halo_streams
from integrations.boundary import bounded
from integrations.pages import joined
from integrations.port import Adapter, Page, Reach, ReadRequest
from tests.integrations.adapters.autotask import entity as autotask
from tests.integrations.adapters.connectwise import collection as connectwise
from tests.integrations.adapters.halo import test_answers as halo
from tests.loopback import Answer, Loopback, Received, json_reply, reply

PARENT = "7"
"""Whose children are read."""


@dataclass(frozen=True)
class Collection:
    """``path``: how the addresses end that its rows are asked for at; ``frame``: what stands around them, with ``%d`` for their number.
    ``hints``: values of its fields where not any will do; ``identifier``: the field that is a row's own id."""

    system: str
    stream: str
    path: str
    payload: Any
    frame: tuple[str, str]
    per_parent: bool = False
    hints: Mapping[str, Any] = field(default_factory=dict)
    identifier: str = "id"

    @property
    def name(self) -> str:
        return f"{self.system} {self.stream} {self.path}"

    def body(self, rows: Sequence[bytes]) -> bytes:
        head, tail = (part.replace("%d", str(len(rows))).encode() for part in self.frame)
        return head + b",".join(rows) + tail

    def read(self, adapter: Adapter) -> Page:
        """All that comes of the stream."""
        if self.per_parent:
            return adapter.read_children(self.stream, PARENT)
        pages: list[Page] = []
        place = None
        while not pages or place is not None:
            pages.append(adapter.read_page(ReadRequest(stream=self.stream), place))
            place = pages[-1].next
        return joined(pages)


def collections() -> list[Collection]:
    return [*_of_connectwise(), *_of_halo(), *_of_autotask()]


def _of_connectwise() -> Iterator[Collection]:
    for source in connectwise_streams.SOURCES.values():
        for one in (source, source.also):
            if one is not None:
                yield Collection(
                    "connectwise",
                    one.spec.name,
                    "/" + one.path.format(parent=PARENT),
                    one.payload,
                    ("[", "]"),
                    per_parent=one.spec.reach is Reach.PER_PARENT,
                    hints={"communicationType": "Email"},
                )


HALO_HINTS: dict[str, Any] = {"isencrypted": False, "isgroupdesc": False, "ticket_id": int(PARENT)}
HALO_LEVELS = {"types": 1, "subtypes": 2, "items": 3, "statuses": 0, "opportunity_statuses": 0}


def _of_halo() -> Iterator[Collection]:
    for source in halo_streams.SOURCES.values():
        for one in source.parts or (source,):
            hints = dict(HALO_HINTS)
            if one.spec.name in HALO_LEVELS:
                hints |= {"type": HALO_LEVELS[one.spec.name], "type_id": HALO_LEVELS[one.spec.name]}
            if one.spec.name == "notes":
                hints |= {"timetaken": 0}
            yield Collection(
                "halo",
                one.spec.name,
                f"/{one.path}",
                one.payload,
                (f'{{"record_count": %d, "{one.key}": [', "]}") if one.key else ("[", "]"),
                per_parent=one.spec.reach is Reach.PER_PARENT,
                hints=hints,
                identifier="priorityid" if one.spec.name == "priorities" else "id",
            )


ITEMS = ('{"items": [', '], "pageDetails": {"count": %d, "nextPageUrl": null}}')


def _of_autotask() -> Iterator[Collection]:
    for source in autotask_streams.BY_NAME.values():
        if isinstance(source, autotask_streams.Table):
            head = f'{{"fields": [{{"name": "{source.field}", "isPickList": true, "picklistValues": ['
            path = f"/{source.entity}/entityInformation/fields"
            yield Collection("autotask", source.spec.name, path, at.PickListValue, (head, "]}]}"), identifier="value")
            continue
        for one in (source, source.also):
            if one is not None:
                yield Collection("autotask", one.spec.name, f"/{one.entity}/query", one.payload, ITEMS)


COLLECTIONS = collections()
OPENED: dict[str, Callable[[Loopback], Adapter]] = {
    "connectwise": connectwise.adapter_on,
    "halo": halo.adapter_on,
    "autotask": autotask.adapter_on,
}


class Served:
    """A system that has one collection at a time. ``beside``: other answers by the end of their path; all else is empty, or not there."""

    def __init__(self, system: str, server: Loopback) -> None:
        self.system = system
        self.server = server
        self.collection: Collection | None = None
        self.content = b""
        self.beside: dict[str, bytes] = {}

    def read(self, collection: Collection, rows: Sequence[bytes]) -> Page:
        """What an adapter reads of these rows, whose look-ups are its own."""
        self.collection, self.content = collection, collection.body(rows)
        adapter = bounded(OPENED[self.system](self.server))
        try:
            return collection.read(adapter)
        finally:
            adapter.close()

    def answer(self, request: Received) -> Answer:
        if request.path.lower().endswith("/zoneinformation"):
            return autotask.zone(request)
        if request.path.endswith("/token"):
            return json_reply(halo.TOKEN)
        if self.collection is not None and request.path.endswith(self.collection.path):
            return reply(self.content, Content_Type="application/json", Date=autotask.DATE, Link="")
        for path, content in self.beside.items():
            if request.path.endswith(path):
                return reply(content, Content_Type="application/json", Date=autotask.DATE, Link="")
        if self.system == "connectwise":
            is_list = self.collection is None or not self.collection.per_parent or "Associations" in request.path
            missing = connectwise.refusal(404, "NotFound", "There is none.")
            return (
                json_reply([], Date=autotask.DATE, Link="") if is_list and "/forecast" not in request.path else missing
            )
        if self.system == "halo":
            return reply(status=404) if "/Agent/" in request.path else json_reply([])
        empty = {"items": [], "fields": [], "pageDetails": {"count": 0, "nextPageUrl": None}}
        return json_reply(empty, Date=autotask.DATE)


@contextmanager
def served(system: str) -> Iterator[Served]:
    with Loopback(lambda request: there.answer(request)) as server:
        there = Served(system, server)
        yield there
