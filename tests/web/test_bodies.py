"""Longer texts of a PSA: shown as what they are, and nothing in them acts, loads or leads anywhere but to where it says."""

from __future__ import annotations

import time
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from django.test import Client

from foundation.tenancy.models import User
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from portal.web.bodies import body_shown
from tests.clients.factories import make_agreement
from tests.tickets.factories import make_note, make_ticket, make_time

REL = 'target="_blank" rel="noopener noreferrer nofollow"'
HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    '<a href="java\tscript:alert(1)">x</a>',
    '<a href="&#106;avascript:alert(1)">x</a>',
    '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    '<a href="//evil.example/">x</a>',
    '<a href="/settings/people/">x</a>',
    '<a href="https://x.example/<img src=https://evil.example/p.png onerror=alert(1)>">x</a>',
    '<img src="https://x.example/" alt="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;">',
    '<img alt="<img src=https://evil.example/ onload=alert(1)>" src="https://x.example/a.png">',
    '<p style="background:url(https://evil.example/)">x</p><style>@import "https://evil.example/"</style>',
    '<form action="https://evil.example/"><input name="password"><button formaction="javascript:alert(1)">x</button></form>',
    '<iframe src="https://evil.example/"></iframe><object data="https://evil.example/"></object><embed src="x">',
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
    '<video poster="https://evil.example/"><source src="https://evil.example/"></video><audio src="https://evil.example/">',
    '<link rel="stylesheet" href="https://evil.example/"><base href="https://evil.example/"><meta http-equiv="refresh" content="0">',
    '<div id="content" class="shell" hx-get="/logout" data-copy>x</div>',
    '<table background="https://evil.example/"><td colspan="99999" background="https://evil.example/">x',
    "![x](javascript:alert(1)) [x](javascript:alert(1)) <javascript:alert(1)> [x](data:text/html,x)",
    '![x](https://x.example/"onerror=alert(1)) [x](https://x.example/ "title<script>")',
    "</div></section><script>alert(1)</script>",
    "\x00<\x00script>alert(1)</script>\u202e\ufffd",
)
GIVEN = {"a": {"href", "target", "rel"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}, "ol": {"start"}}


class Found(HTMLParser):
    """The tags and attributes of markup, as a browser's parser meets them."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str, str]] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {(tag, name, value or "") for name, value in attrs}


@pytest.mark.parametrize("body_format", ["html", "markdown", "plain", "rtf", ""])
@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_in_a_body_acts_or_loads(text: str, body_format: str) -> None:
    found = Found()
    found.feed(body_shown(text, body_format))
    assert (
        found.tags & {"script", "style", "img", "svg", "iframe", "object", "embed", "form", "input", "link", "base"}
        == set()
    )
    assert [(tag, name) for tag, name, _ in found.attributes if name not in GIVEN.get(tag, set())] == []
    links = [value for _, name, value in found.attributes if name == "href"]
    assert [link for link in links if not link.startswith(("https://", "http://", "mailto:", "tel:"))] == []


@pytest.mark.parametrize(
    ("text", "body_format", "shown"),
    [
        ("a <b> & c\n\nd", "plain", "<p>a &lt;b&gt; &amp; c</p>\n\n<p>d</p>"),
        ("**Done**", "plain", "<p>**Done**</p>"),
        ("**Done**", "html", "**Done**"),
        ("<p>**Done** <b>&amp;</b></p>", "html", "<p>**Done** <b>&amp;</b></p>"),
        ("**Done** 1\\. \\*", "markdown", "<p><strong>Done</strong> 1. *</p>\n"),
        ("a <b>b</b>\nc", "markdown", "<p>a &lt;b&gt;b&lt;/b&gt;<br>\nc</p>\n"),
        ("[Note]: call him", "markdown", "<p>[Note]: call him</p>\n"),
        ("From: Ada\n-----\n    Hello", "markdown", "<p>From: Ada</p>\n<hr>\n<p>Hello</p>\n"),
        ("<h1>Head</h1>", "html", "<h3>Head</h3>"),
        ("# Head", "markdown", "<h3>Head</h3>\n"),
        ("<p>x</p>", "", "<p>&lt;p&gt;x&lt;/p&gt;</p>"),
    ],
)
def test_a_body_is_shown_as_what_it_is(text: str, body_format: str, shown: str) -> None:
    assert body_shown(text, body_format) == shown


@pytest.mark.parametrize(
    ("text", "body_format", "shown"),
    [
        ('<img src="https://x.example/a.png?b=1&amp;c=2" alt="Lo<go">', "html", f'<a href="https://x.example/a.png?b=1&amp;c=2" {REL}>Image: Lo go</a>'),
        ("![Shot](https://x.example/a.png)", "markdown", f'<p><a href="https://x.example/a.png" {REL}>Image: Shot</a></p>\n'),
        ('<a href="https://x.example/"><img src="https://x.example/a.png"></a>', "html", f'<a href="https://x.example/" {REL}>Image</a>'),
        ('<img src="cid:1" alt="Shot">', "html", "[Image: Shot, in the PSA]"),
        ('<img src="/api/attachment?id=1">', "html", "[Image, in the PSA]"),
        (f'<img src="data:image/png;base64,{"A" * 900_000}">Hello', "html", "[Image, in the PSA]Hello"),
        ('a<img src="https://spy.example/open.gif" width="1" height="1px">', "html", "a"),
    ],
)  # fmt: skip
def test_an_image_is_a_link_or_words(text: str, body_format: str, shown: str) -> None:
    assert body_shown(text, body_format) == shown


@pytest.mark.parametrize(
    ("text", "body_format"),
    [
        *((piece * 100_000, "html") for piece in ("<div>", "<b><p>", "<table><b>", "<a href=http://x><div>", "<div><x></div></x>", "<")),
        *((piece * 100_000, "markdown") for piece in ("[", "![", "**a", "[a](", "_a__b", ">", "`", "<a@", "|a|b|\n|-|-|\n")),
    ],
)  # fmt: skip
def test_a_body_that_is_made_to_take_long_is_shown_as_text(text: str, body_format: str) -> None:
    began = time.process_time()
    assert body_shown(text, body_format)
    assert time.process_time() - began < 5


def test_pages_show_bodies_by_their_format(
    client_for: Callable[[User], Client], technician: User, connection: Connection
) -> None:
    with tenant_transaction(connection.organization_id):
        ticket = make_ticket(
            connection, description="<p>It <em>burns</em></p>", resolution="<p>Put <em>out</em></p>", body_format="html"
        )
        make_note(ticket, "**Called**", body_format="markdown")
        make_time(ticket, 1, notes="**Drove**", internal_notes="_Tolls_", body_format="markdown")
        agreement = make_agreement(connection, notes="<p>Until <em>May</em></p>", body_format="html")
    browser = client_for(technician)
    page = browser.get(f"/tickets/{ticket.pk}/").text
    shown = ("<em>burns</em>", "<em>out</em>", "<strong>Called</strong>", "<strong>Drove</strong>", "<em>Tolls</em>")
    assert [words for words in shown if words not in page] == []
    assert "<em>May</em>" in browser.get(f"/clients/agreements/{agreement.pk}/").text
