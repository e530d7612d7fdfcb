"""From an answer's bytes to typed rows, or to one typed object."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any, TypeVar, cast, overload

import msgspec

from integrations.answers import Answer, is_html
from integrations.decoding import row
from integrations.decoding.charset import as_utf8
from integrations.decoding.decoders import Frame, decoder_of, list_decoder_of, page_decoder_of
from integrations.decoding.listing import Listing
from integrations.decoding.parts import BrokenOff, Part, members, parts
from integrations.decoding.repair import Unfit
from integrations.errors import ProtocolError
from integrations.noticing import notice
from integrations.port import Rejected, Remark
from integrations.redaction import redacted

MOST_ROWS = 50_000
"""Rows of one answer. Pages hold a thousand; the largest tables that vendors give unpaged hold some ten thousand."""
MOST_VALUES = 1_000_000
"""Commas of one answer up to which it is decoded in one go."""
MOST_SAMPLES = 100
"""Rejected rows of an answer that show what they hold."""
MOST_REMARKS = 1000
"""Rows of an answer whose odd values are named one by one."""

_FIRST = re.compile(rb"\s*+(.)", re.DOTALL)

T = TypeVar("T")
R = TypeVar("R", bound=msgspec.Struct)
Inner = TypeVar("Inner", bound=msgspec.Struct)

BARE = Frame(bare=True)


def attempt(body: bytes, kind: Any) -> Any:
    """The body as ``kind``, None where it is anything else: for what may be said in several ways, as errors are."""
    try:
        return decoder_of(kind).decode(body)
    except row.UNDECODABLE:
        return None


@overload
def decoded(answer: Answer, kind: type[T]) -> T: ...
@overload
def decoded(answer: Answer, kind: object) -> Any: ...
def decoded(answer: Answer, kind: Any) -> Any:
    """The body as one object. Raises ProtocolError for an empty, truncated, HTML or otherwise undocumented one."""
    return decoded_one(answer, kind)[0]


def decoded_record(answer: Answer, kind: type[T]) -> T:
    """As ``decoded``, of a record: what was odd about its values is noticed (``integrations.noticing``)."""
    found, odd = decoded_one(answer, kind)
    notice(odd)
    return cast(T, found)


def listing_of_one(answer: Answer, kind: type[R], found: R, key: str = "") -> Listing[R]:
    """A listing of the one row that ``decoded_record`` found in an answer, there under ``key`` or by itself."""
    empty = [one for one in msgspec.structs.fields(kind) if getattr(found, one.name) is None]
    own = _keys_of_object(answer, key) if empty else ()
    absent = tuple(one.name for one in empty if own and f'"{one.encode_name}"'.encode() not in own)
    return Listing(rows=[found], answer=answer, absent=absent)


def decoded_one(answer: Answer, kind: Any) -> tuple[Any, list[Remark]]:
    """As ``decoded``, with what was odd about its values."""
    if _is_small(answer.body) and not row.has_nul(answer.body):
        try:
            return decoder_of(kind).decode(answer.body), []
        except row.UNDECODABLE:
            pass
    body = _text_of(answer)
    try:
        value, odd = row.loosely(body, _object(body), kind)
    except (BrokenOff, row.NoJson) as err:
        raise _no_json(answer) from err
    except Unfit as err:
        raise ProtocolError(f"The answer has another shape: it {err}.", **_sample(answer)) from err
    return value, row.remarks(row.id_of(value), odd)


def listing_of(answer: Answer, kind: type[R], frame: Frame = BARE) -> Listing[R]:
    """The rows of an answer. Raises ProtocolError where it is none of a list, or broke off."""
    listing = _listing_of(answer, kind, frame)
    empty = [one for one in msgspec.structs.fields(kind) if _is_empty(listing.rows, one.name)] if listing.rows else []
    if empty:
        own = _keys_of_first(answer, frame)
        listing.absent = tuple(one.name for one in empty if own and f'"{one.encode_name}"'.encode() not in own)
    return listing


def _is_empty(rows: Sequence[Any], name: str) -> bool:
    return all(getattr(row, name) is None for row in rows)


def _keys_of_first(answer: Answer, frame: Frame) -> Collection[bytes]:
    """The keys of the first row, with their quotes: where all rows lack a value, the first shows whether it is null or does not come."""
    body = as_utf8(answer.body, answer.headers.get("content-type", ""))
    try:
        first = next(parts(body, _opening(answer, body, frame)[0].begin))
        return members(body, body.index(b"{", first.begin, first.end)).keys()
    except (BrokenOff, ProtocolError, StopIteration, ValueError):
        return ()


def _keys_of_object(answer: Answer, key: str) -> Collection[bytes]:
    """The keys of the object that the answer is, or of the one under ``key``, with their quotes."""
    body = as_utf8(answer.body, answer.headers.get("content-type", ""))
    try:
        found = members(body, body.index(b"{"))
        if not key:
            return found.keys()
        part = found[f'"{key}"'.encode()]
        return members(body, body.index(b"{", part.begin, part.end)).keys()
    except (BrokenOff, KeyError, ValueError):
        return ()


def _listing_of(answer: Answer, kind: type[R], frame: Frame) -> Listing[R]:
    body = answer.body
    if not row.has_nul(body) and (_is_small(body) or _is_of_few_rows(body, frame)):
        listing = _in_one_go(answer, kind, frame)
        if listing is not None:
            return listing
    body = _text_of(answer)
    try:
        opening, head = _opening(answer, body, frame)
        return _one_by_one(answer, kind, body, opening, head)
    except BrokenOff as err:
        raise _no_json(answer) from err


def listings_within(
    answer: Answer, kind: type[R], frame: Frame, key: str, inner: type[Inner]
) -> list[tuple[R, Listing[Inner]]]:
    """The rows of an answer that have a list each under ``key``, with the rows of that. Where a row's own is no list, it has none, and the
    row says so. Raises ProtocolError as ``listing_of``."""
    body = _text_of(answer)
    try:
        opening, _ = _opening(answer, body, frame)
        return [
            (found, _within(answer, body, part, key, inner))
            for part in parts(body, opening.begin)
            if not isinstance(found := row.read(body, part, kind, decoder_of(kind))[0], Rejected)
        ]
    except BrokenOff as err:
        raise _no_json(answer) from err


def _within(answer: Answer, body: bytes, part: Part, key: str, kind: type[Inner]) -> Listing[Inner]:
    opening = body.find(b"{", part.begin, part.end)
    own = members(body, opening).get(f'"{key}"'.encode()) if opening >= 0 else None
    if own is None or body[own.begin : own.begin + 1] != b"[":
        return Listing(rows=[], answer=answer)
    return listing_of(msgspec.structs.replace(answer, body=body[own.begin : own.end]), kind)


def _in_one_go(answer: Answer, kind: type[R], frame: Frame) -> Listing[R] | None:
    """The fast way; None where anything at all is not as documented."""
    bare = _begins_with(answer.body, b"[")
    if bare and not frame.bare:
        return None
    try:
        if bare:
            return Listing(rows=list_decoder_of(kind).decode(answer.body), answer=answer)
        page = page_decoder_of(kind, frame).decode(answer.body) if frame.key else None
    except row.UNDECODABLE:
        return None
    if page is None or page.rows is msgspec.UNSET:
        return None
    head = {name: getattr(page, f"head{place}") for place, name in enumerate(frame.head)}
    return Listing(rows=page.rows, answer=answer, head=head)


def _is_small(body: bytes) -> bool:
    """Whether it cannot hold too many rows or values, whatever they are."""
    return body.count(b"{") <= MOST_ROWS and body.count(b",") <= MOST_VALUES


def _is_of_few_rows(body: bytes, frame: Frame) -> bool:
    """Whether an answer of many objects is one of few rows with much in them, found out without decoding them."""
    if body.count(b"{") > 10 * MOST_ROWS or body.count(b",") > MOST_VALUES:
        return False
    try:
        if _begins_with(body, b"["):
            raws = decoder_of(list[msgspec.Raw]).decode(body)
        else:
            raws = page_decoder_of(msgspec.Raw, frame).decode(body).rows if frame.key else []
    except row.UNDECODABLE:
        return False
    return len(raws) <= MOST_ROWS and not any(row.is_too_large(bytes(raw)) for raw in raws if len(raw) > row.SMALL)


def _opening(answer: Answer, body: bytes, frame: Frame) -> tuple[Part, dict[str, Any]]:
    """Where the list stands, and what stands beside it."""
    whole = _whole_part(body)
    if _begins_with(body, b"[") and frame.bare:
        return whole, {}
    if not (_begins_with(body, b"{") and frame.key):
        raise _shapeless(answer, body)
    found = members(body, whole.begin)
    _require_end(body, whole, max((part.end for part in found.values()), default=whole.begin + 1))
    head = {name: row.plainly(body, part) for name in frame.head if (part := found.get(f'"{name}"'.encode()))}
    named = found.get(f'"{frame.key}"'.encode())
    for part in [*([] if named is None else [named]), *(found.values() if frame.anywhere else ())]:
        if body[part.begin : part.begin + 1] == b"[":
            return part, head
    raise ProtocolError("The answer holds no list of records: it has another shape.", **_sample(answer))


def _one_by_one(answer: Answer, kind: type[R], body: bytes, region: Part, head: dict[str, Any]) -> Listing[R]:
    listing: Listing[R] = Listing(rows=[], answer=answer, rejected=[], remarks=[], head=head)
    sent, end, odd_rows, decoder = 0, region.begin + 1, 0, decoder_of(kind)
    for part in parts(body, region.begin):
        sent, end = sent + 1, part.end
        if sent > MOST_ROWS:
            continue
        found, odd = row.read(body, part, kind, decoder)
        if isinstance(found, Rejected):
            shown = found if len(listing.rejected) < MOST_SAMPLES else msgspec.structs.replace(found, sample="")
            listing.rejected.append(shown)
            continue
        listing.rows.append(found)
        odd_rows += bool(odd)
        if odd and odd_rows <= MOST_REMARKS:
            listing.remarks += row.remarks(row.id_of(found), odd)
    _require_end(body, region, end)
    if odd_rows > MOST_REMARKS:
        said = f"{odd_rows - MOST_REMARKS:,} more records of the same answer have odd values."
        listing.remarks.append(Remark(remote_id="", field="", message=said))
    if sent > MOST_ROWS:
        listing.incomplete = f"{sent:,} records came in one answer, of which the first {MOST_ROWS:,} were read."
    return listing


def _require_end(body: bytes, region: Part, last: int) -> None:
    """Nothing may stand behind the last part but the bracket: rows of a second list would be left out in silence."""
    if body[last : region.end].strip(b" \t\r\n,") not in (b"]", b"}"):
        raise BrokenOff("there is more behind the end")


def _whole_part(body: bytes) -> Part:
    begin = len(body) - len(body.lstrip())
    return Part(begin, len(body.rstrip()))


def _object(body: bytes) -> Part:
    """The object that the body is, with what lies too deep in it. Raises BrokenOff, and Unfit for one that holds too much."""
    whole = _whole_part(body)
    if body[whole.begin] not in b"[{":
        return whole
    found = list(parts(body, whole.begin))
    _require_end(body, whole, found[-1].end if found else whole.begin + 1)
    if row.is_too_large(body):
        raise Unfit("holds too much")
    return Part(whole.begin, whole.end, tuple(stretch for part in found for stretch in part.too_deep))


def _begins_with(body: bytes, sign: bytes) -> bool:
    found = _FIRST.match(body)
    return found is not None and found[1] == sign


def _text_of(answer: Answer) -> bytes:
    if is_html(answer) and answer.body.strip():
        raise ProtocolError("The system answered with a web page instead of data.", **_sample(answer))
    body = as_utf8(answer.body, answer.headers.get("content-type", ""))
    if not body.strip():
        raise ProtocolError("The system's answer is empty.", status=answer.status)
    return body


def _shapeless(answer: Answer, body: bytes) -> ProtocolError:
    if (
        _begins_with(body, b"[")
        or _begins_with(body, b"{")
        or body.strip() == b"null"
        or attempt(body, Any) is not None
    ):
        return ProtocolError("The answer has another shape than documented.", **_sample(answer))
    return _no_json(answer)


def _no_json(answer: Answer) -> ProtocolError:
    return ProtocolError("The system's answer is not complete JSON.", **_sample(answer))


def _sample(answer: Answer) -> dict[str, Any]:
    return {"sample": redacted(answer.body), "worded": False, "status": answer.status}
