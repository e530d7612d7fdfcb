"""Every request, cleaned once before any view sees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseBase, QueryDict

from foundation.core.client_input import UNPRINTABLE, header_of, storable
from portal.web.errors import page

Q = TypeVar("Q", bound=QueryDict)
ENCODINGS = {"", "utf-8", "utf8", "us-ascii", "ascii"}
"""In which browsers send forms. Others are guesses at how Python decodes."""
LONGEST_HEADER = 8192


class CleanRequest:
    """Takes what PostgreSQL can't store out of addresses, forms, headers and cookies; 400 for what no browser sends."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        encoding = (request.content_params or {}).get("charset", "").lower()
        if UNPRINTABLE.search(request.path_info) or encoding not in ENCODINGS:
            return page(request, 400)
        request.GET = cleaned(request.GET)
        request.COOKIES = {name: text for name, text in request.COOKIES.items() if plain(name + text)}
        for name, text in request.META.items():
            if name.startswith("HTTP_") and isinstance(text, str) and UNPRINTABLE.search(text):
                request.META[name] = header_of(text, LONGEST_HEADER)
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *args: object, **kwargs: object) -> None:
        """Forms are cleaned here, where a body that is too large or broken is answered as such."""
        if request.method == "POST":
            request.POST = cleaned(request.POST)


def plain(text: str) -> bool:
    """Whether our own cookies could have been this."""
    return text.isascii() and text.isprintable()


def cleaned(given: Q) -> Q:
    """The same values, storable; the same object where there is nothing to clean."""
    pairs = [(name, text) for name, texts in given.lists() for text in texts]
    if all(name == storable(name) and text == storable(text) for name, text in pairs):
        return given
    return cast(Q, QueryDict(urlencode([(storable(name), storable(text)) for name, text in pairs])))
