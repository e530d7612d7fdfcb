"""What a browser may keep of our pages: nothing, and after logging out nothing of ours at all."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

CLEARED = '"cache", "cookies", "storage"'
"""What Clear-Site-Data names (W3C Clear Site Data, section 3.1)."""


class PrivatePages:
    """``Cache-Control: no-store`` on every answer that says nothing else, so that no page is read from a shared computer's disk or by
    its Back button. Static files are answered before and are cached. A request that ends the log-in also clears what the browser has."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        was_known = request.user.is_authenticated
        response = self.get_response(request)
        if not response.has_header("Cache-Control"):
            response["Cache-Control"] = "no-store"
        if was_known and not request.user.is_authenticated:
            response["Clear-Site-Data"] = CLEARED
        return response
