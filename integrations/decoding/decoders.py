"""Where msgspec learns a type, one thread at a time.

msgspec writes down what it knows of a struct on the class itself, before it knows all of it: a second thread that needs the struct then,
or another one that holds it, reads half of that and ends the process by a segmentation fault. What was learnt is safe to share.
"""

from __future__ import annotations

import threading
import types
from functools import cache
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")
_LEARNING = threading.RLock()


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """How a list stands in an answer: bare, or in an object under ``key``, beside what ``head`` names. ``bare``: it may stand bare as well.
    ``anywhere``: under whatever name."""

    key: str = ""
    head: tuple[str, ...] = ()
    bare: bool = False
    anywhere: bool = False


def decoder_of(kind: Any) -> msgspec.json.Decoder[Any]:
    """The decoder of a type, built once."""
    with _LEARNING:
        return _built(kind)


def list_decoder_of(kind: Any) -> msgspec.json.Decoder[Any]:
    """For a bare list of rows."""
    return decoder_of(types.GenericAlias(list, (kind,)))


def page_decoder_of(kind: Any, frame: Frame) -> msgspec.json.Decoder[Any]:
    """For the object that holds the list."""
    with _LEARNING:
        return _page_built(kind, frame)


def converted(plain: Any, kind: type[T]) -> T:
    """Plain values as the type. Raises ``msgspec.ValidationError``."""
    decoder_of(kind)
    return msgspec.convert(plain, kind)


@cache
def _built(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


@cache
def _page_built(kind: Any, frame: Frame) -> msgspec.json.Decoder[Any]:
    rows = types.GenericAlias(list, (kind,))
    fields: list[tuple[str, Any, Any]] = [
        ("rows", rows | msgspec.UnsetType, msgspec.field(name=frame.key, default=msgspec.UNSET))
    ]
    fields += [(f"head{place}", Any, msgspec.field(name=name, default=None)) for place, name in enumerate(frame.head)]
    return msgspec.json.Decoder(msgspec.defstruct("Envelope", fields))
