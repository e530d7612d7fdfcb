"""Descriptions, notes and other longer texts of a PSA, shown safely as what they are: HTML, Markdown or plain."""

from __future__ import annotations

import re
from collections import Counter
from html import escape, unescape

import nh3
from django.utils.html import linebreaks
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt

LONGEST = {"html": 200_000, "markdown": 30_000}
"""Characters of a body that are shown as formatted. What is longer is shown as its text: the time of parsers grows faster than it."""
DEEPEST = 200
"""Tags within tags, for the same reason: 40,000 of them took the parser a minute."""
PICTURE_DATA = re.compile(r"data:[\w.+-]+/[\w.+-]+;base64,[\w+/=%\s]+")
"""A picture inside a text: never shown, and mails are full of them."""
LINK = re.compile(r"(?:https?://|mailto:|tel:)", re.IGNORECASE)
PICTURE = re.compile(r"https?://", re.IGNORECASE)
PIECES = re.compile(r"<(/?(?:a|img|h[1-6]))\b([^<>]*)>")
ANGLES = str.maketrans("<>", "  ")
ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')
TAGS = re.compile(r"<[^<>]*>")
OPENED = re.compile(r"<(/?)([a-z][\w:-]*)", re.IGNORECASE)
# Tags that end by themselves, and tags that hold nothing: they stand in no other.
PARTS = {"p", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "tfoot"}
VOID = {"br", "hr", "img", "input", "meta", "link", "wbr", "col"}
SMALLEST = 3
"""Pixels: an image that is narrower or lower is there to be fetched, not to be seen."""

TEXT = {"p", "div", "span", "br", "hr", "blockquote", "pre", "code", "kbd", "samp"}
WORDS = {"a", "b", "strong", "i", "em", "u", "s", "strike", "del", "ins", "small", "sub", "sup", "abbr", "cite", "q"}
LISTS = {"ul", "ol", "li", "dl", "dt", "dd"}
TABLES = {"table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"}
HEADS = {"h1", "h2", "h3", "h4", "h5", "h6"}
CELL = {"colspan", "rowspan"}
ALLOWED: dict[str, set[str]] = {"*": set(), "a": {"href"}, "td": CELL, "th": CELL, "ol": {"start"}}
UNREAD = {"script", "style", "title", "noscript", "template", "iframe", "object", "textarea", "select", "xml"} | {
    "svg",
    "math",
}
"""Tags that go with all that is in them."""
NUMBERS = {"colspan": 20, "rowspan": 100, "start": 999_999, "width": 99_999, "height": 99_999}

MARKDOWN = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])
# Indented lines, lines under which dashes stand, and “[Note]: …” are what people paste from mails: no code, no headings, no definition that
# is not shown.
MARKDOWN.disable(["code", "lheading", "reference"])


def body_shown(text: str, body_format: str) -> SafeString:
    """``text`` as markup that a page can hold. ``body_format``: plain, html or markdown, as the record says; anything else counts as plain.

    The last step of what is formatted is always the sanitizer's: allowed tags and attributes alone, web, mail and phone links, no images.
    """
    if body_format not in {"html", "markdown"}:
        return _plain(text)
    source = PICTURE_DATA.sub("data:,", text)
    if len(source) > LONGEST[body_format] or (body_format == "html" and _is_deep(source)):
        return _plain(unescape(TAGS.sub(" ", source)) if body_format == "html" else source)
    markup = MARKDOWN.render(source) if body_format == "markdown" else source
    seen = nh3.clean(
        markup,
        tags=TEXT | WORDS | LISTS | TABLES | HEADS | {"img"},
        attributes={"img": {"src", "alt", "width", "height"}} | ALLOWED,
        attribute_filter=_attribute,
        clean_content_tags=UNREAD,
        link_rel=None,
    )
    return SafeString(
        nh3.clean(
            _without_images(seen),
            tags=TEXT | WORDS | LISTS | TABLES | {"h3"},
            attributes=ALLOWED,
            attribute_filter=_attribute,
            clean_content_tags=UNREAD,
            link_rel="noopener noreferrer nofollow",
            set_tag_attribute_values={"a": {"target": "_blank"}},
        )
    )


def _plain(text: str) -> SafeString:
    return SafeString(linebreaks(text, autoescape=True))


def _is_deep(markup: str) -> bool:
    """Whether more tags stand within each other than people write. Each name is counted for itself: what ends no tag must not count as its end."""
    opened: Counter[str] = Counter()
    deep = 0
    for end, tag in OPENED.findall(markup):
        name = tag.lower()
        if name in PARTS | VOID or (end and not opened[name]):
            continue
        opened[name] += -1 if end else 1
        deep += -1 if end else 1
        if deep > DEEPEST:
            return True
    return False


def _attribute(tag: str, name: str, value: str) -> str | None:
    """The value as it may stand, None for none. Without < and >, so that a pattern finds where a tag ends."""
    text = value.strip()
    if name == "alt":
        return text.translate(ANGLES)
    text = text.replace("<", "%3C").replace(">", "%3E")
    if name in NUMBERS:
        number = text.removesuffix("px")
        return (
            number
            if number.isascii() and number.isdigit() and len(number) < 7 and int(number) <= NUMBERS[name]
            else None
        )
    if name == "href":
        return text if LINK.match(text) else None
    return text


def _without_images(markup: str) -> str:
    """The sanitizer's markup with a link instead of each image (a text where the PSA alone can show it, or inside a link), and with headings
    of one level, below the page's own."""
    inside_link = False

    def piece(found: re.Match[str]) -> str:
        nonlocal inside_link
        tag, attributes = found[1], dict(ATTRIBUTE.findall(found[2]))
        if tag == "img":
            return _image(attributes, inside_link)
        if tag in {"a", "/a"}:
            inside_link = tag == "a"
            return found[0]
        return f"<{tag[:-1]}3>"

    return PIECES.sub(piece, markup)


def _image(attributes: dict[str, str], inside_link: bool) -> str:
    """``attributes``: as markup has them, escaped."""
    if any(int(attributes.get(side, SMALLEST)) < SMALLEST for side in ("width", "height")):
        return ""
    said = escape(unescape(attributes.get("alt", "")).strip())
    words = f"Image: {said}" if said else "Image"
    source = attributes.get("src", "")
    if inside_link or not PICTURE.match(source):
        return words if inside_link else f"[{words}, in the PSA]"
    return f'<a href="{source}">{words}</a>'
