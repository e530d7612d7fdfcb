"""Answers in other forms than JSON in UTF-8: read where they can be, one typed error where they cannot."""

from __future__ import annotations

import gzip
import subprocess
import sys
from collections.abc import Callable

import pytest

from integrations.adapters.autotask.payloads import Threshold
from integrations.adapters.connectwise.payloads import Ticket
from integrations.answers import Answer
from integrations.decoding import Frame, decoded, listing_of
from integrations.decoding.parts import DEEPEST, BrokenOff, cut, members, parts
from integrations.decoding.rows import MOST_ROWS
from integrations.errors import IntegrationError, ProtocolError
from tests.integrations.decoding.vendors import AUTOTASK, CONNECTWISE, VENDORS, Vendor

TWO = (b'{"id": 1, "summary": "caf\xc3\xa9"}', b'{"id": 2}')
JSON = "application/json"


def summaries(vendor: Vendor, body: bytes, **headers: str) -> list[str]:
    return [getattr(record, "summary", "") for record in vendor.read(body, **headers).records]


@pytest.mark.parametrize(
    ("bent", "content_type"),
    [
        (lambda body: body, JSON),
        (lambda body: body, "application/json; charset=iso-8859-1"),
        (lambda body: body, "text/html"),
        (lambda body: body, "application/json; charset=zlib_codec"),
        (lambda body: b"\xef\xbb\xbf" + body, JSON),
        (lambda body: body.decode().encode("utf-16"), JSON),
        (lambda body: body.decode().encode("utf-16-le"), JSON),
        (lambda body: body.decode().encode("utf-16-be"), JSON),
        (lambda body: body.decode().encode("utf-32"), JSON),
        (lambda body: body.decode().encode("latin-1"), "application/json; charset=ISO-8859-1"),
        (lambda body: body.decode().encode("cp1252"), 'application/json; charset="windows-1252"'),
        (lambda body: b" \r\n" * 50_000 + body + b"\n\n", JSON),
    ],
)
@pytest.mark.parametrize("vendor", [CONNECTWISE], ids=lambda vendor: vendor.key)
def test_another_encoding_is_read(vendor: Vendor, bent: Callable[[bytes], bytes], content_type: str) -> None:
    body = bent(vendor.wrapped(TWO))
    assert summaries(vendor, body, Content_Type=content_type) == ["café", ""]


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.key)
@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"\xff\xfe", "empty"),
        (b"null", "shape"),
        (b"200", "shape"),
        (b"true", "shape"),
        (b'"text"', "shape"),
        (b"Service Unavailable", "not complete JSON"),
        (b"[" * 100_000 + b"]" * 100_000, "shape"),
        (b"[" * 100_000, "JSON|shape"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "shape"),
        (b"\0" * 100, "not complete JSON"),
        (b")]}',\n[]", "not complete JSON"),
        (b"<!DOCTYPE html><p>log in", "web page"),
        (b"  <html><body>log in", "web page"),
    ],
    ids=lambda value: str(value[:20]),
)
def test_what_is_no_list_is_one_typed_error(vendor: Vendor, body: bytes, said: str) -> None:
    if vendor is not AUTOTASK and body.startswith(b"[[[") and body.endswith(b"]"):
        assert [len(vendor.read(body).rejected)] == [1], "a list of one row that is no record"
        return
    with pytest.raises(ProtocolError, match=said):
        vendor.read(body, Content_Type=JSON if b"html" not in body else "text/html")


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.key)
def test_a_body_that_breaks_off_or_goes_on_is_no_page(vendor: Vendor) -> None:
    whole = vendor.wrapped([*TWO, b'{"id": 3, "summary": {}}'])
    for place in range(1, len(whole) - 1):
        with pytest.raises(ProtocolError):
            vendor.read(whole[:place])
    for more in (b" tail", b"[]", whole):
        with pytest.raises(ProtocolError):
            vendor.read(whole + more)


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.key)
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (gzip.compress(b"[]")[:-8] + b"12345678", ProtocolError),
        (b"no gzip at all", ProtocolError),
        (gzip.compress(b" " * (80 << 20)), ProtocolError),
        (gzip.compress(b'[{"id": 1}')[:-20], IntegrationError),
    ],
    ids=["checksum", "none", "bomb", "cut"],
)
def test_a_broken_or_bursting_compression_is_a_typed_error(
    vendor: Vendor, body: bytes, kind: type[IntegrationError]
) -> None:
    with pytest.raises(kind):
        vendor.read(body, Content_Encoding="gzip", Content_Type=JSON)


def test_parts_are_found_whatever_stands_in_them() -> None:
    text = b'[{"a": "[,]\\"}"}, 1,, [2, {"b": []}] , tru, "x" ] tail'
    assert [text[part.begin : part.end].strip() for part in parts(text, 0)] == [
        b'{"a": "[,]\\"}"}',
        b"1",
        b'[2, {"b": []}]',
        b"tru",
        b'"x"',
    ]
    found = members(b'{"n": 3, "rows": [1, 2], "n": 4}', 0)
    assert {key: part.end - part.begin for key, part in found.items()} == {b'"n"': 1, b'"rows"': 6}


@pytest.mark.parametrize("text", [b'[{"a": 1}', b'["abc', b'[{"a": "', b"[1, 2", b"["])
def test_parts_that_break_off_say_so(text: bytes) -> None:
    with pytest.raises(BrokenOff):
        list(parts(text, 0))


def test_what_lies_too_deep_is_null_and_the_rest_stays() -> None:
    deep = b"[" * (DEEPEST + 10) + b"]" * (DEEPEST + 10)
    text = b'[{"id": 1, "x": ' + deep + b', "y": 2}, {"id": 2, "x": [[1]]}]'
    first, second = parts(text, 0)
    shown = cut(text, first)
    assert shown.startswith(b'{"id": 1, "x": [[[')
    assert shown.endswith(b']]], "y": 2}')
    assert b"null" in shown
    assert cut(text, second) == b'{"id": 2, "x": [[1]]}'


MEASURED = """
import resource, sys
from integrations.adapters.autotask.payloads import Threshold
from integrations.adapters.connectwise.payloads import Ticket
from integrations.answers import Answer
from integrations.decoding import Frame, listing_of
from integrations.adapters.connectwise.payloads import Ticket
rows = b",".join([b'{"id":%d}' % number for number in range(1, 1_000_001)])
body = BODY
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
listing = listing_of(Answer(method="GET", path="x", status=200, headers={}, body=body), Ticket, FRAME)
grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
print(len(listing.rows), grown, listing.incomplete)
"""


@pytest.mark.parametrize(
    ("body", "frame"),
    [
        ('b"[" + rows + b"]"', "Frame(bare=True)"),
        ("""b'{"items": [' + rows + b'], "more": 1}'""", 'Frame(key="items")'),
    ],
    ids=["bare", "enveloped"],
)
def test_a_million_tiny_rows_are_read_up_to_the_ceiling_within_100_mb_and_said(body: str, frame: str) -> None:
    script = MEASURED.replace("BODY", body).replace("FRAME", frame)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    rows, grown, said = done.stdout.split(" ", 2)
    assert int(rows) == MOST_ROWS
    assert int(grown) < 100
    assert said.strip() == f"1,000,000 records came in one answer, of which the first {MOST_ROWS:,} were read."


def test_a_page_carries_that_it_is_incomplete_and_children_are_refused_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.decoding.rows.MOST_ROWS", 3)
    page = CONNECTWISE.read(CONNECTWISE.wrapped([b'{"id": %d}' % number for number in range(1, 6)]))
    assert [record.remote_id for record in page.records] == ["1", "2", "3"]
    assert page.incomplete == "5 records came in one answer, of which the first 3 were read."


def test_a_table_of_as_many_rows_as_may_be_is_read_whole() -> None:
    body = (
        b"["
        + b",".join([b'{"id":%d,"board":{"id":1},"status":{"id":2}}' % number for number in range(MOST_ROWS)])
        + b"]"
    )
    listing = listing_of(Answer(method="GET", path="x", status=200, headers={}, body=body), Ticket)
    assert (len(listing.rows), listing.incomplete, listing.remarks) == (MOST_ROWS, "", [])


def test_a_row_of_too_many_parts_is_rejected_by_its_id() -> None:
    full = b'{"id": 7, "customFields": [' + b",".join([b"{}"] * 50_001) + b"]}"
    page = CONNECTWISE.read(CONNECTWISE.wrapped([b'{"id": 6}', full, b'{"id": 8}']))
    assert [record.remote_id for record in page.records] == ["6", "8"]
    assert [(entry.remote_id, "more than 50,000 objects" in entry.message) for entry in page.rejected] == [("7", True)]


def test_a_single_object_is_made_to_fit_too() -> None:
    body = (
        b'\xef\xbb\xbf{"externalRequestThreshold": "10000", "requestThresholdTimeframe": null, "deep": '
        + b"[" * 9999
        + b"]" * 9999
        + b"}"
    )
    answer = Answer(method="GET", path="x", status=200, headers={}, body=body)
    found = decoded(answer, Threshold)
    assert (found.external_request_threshold, found.request_threshold_timeframe) == (10000, 60)
    with pytest.raises(ProtocolError, match="shape"):
        decoded(Answer(method="GET", path="x", status=200, headers={}, body=b'{"other": 1}'), Threshold)


def test_a_list_in_an_object_is_found_by_its_name_and_another_only_where_any_will_do() -> None:
    answer = Answer(method="GET", path="x", status=200, headers={}, body=b'{"other": [{"id": 1}], "n": 1}')
    with pytest.raises(ProtocolError):
        listing_of(answer, Ticket, Frame(key="items"))
    found = listing_of(answer, Ticket, Frame(key="items", head=("n",), anywhere=True))
    assert ([row.id for row in found.rows], found.head) == ([1], {"n": 1})


@pytest.mark.parametrize(
    ("encoding", "content_type"),
    [
        ("utf-8", JSON),
        ("utf-8", "application/json; charset=utf-8"),
        ("utf-16", JSON),
        ("utf-16-le", "application/json; charset=utf-16-le"),
    ],
)
def test_what_is_no_character_is_marked_and_named_whatever_the_encoding_is_said_to_be(
    encoding: str, content_type: str
) -> None:
    halved = '[{"id": 1, "summary": "half of a face: \ud83d!"}, {"id": 2}]'
    page = CONNECTWISE.read(halved.encode(encoding, "surrogatepass"), Content_Type=content_type)
    assert [record.remote_id for record in page.records] == ["1", "2"]
    assert page.records[0].summary.startswith("half of a face: \N{REPLACEMENT CHARACTER}")
    assert [(remark.remote_id, remark.field, remark.understood) for remark in page.remarks] == [("1", "summary", False)]
