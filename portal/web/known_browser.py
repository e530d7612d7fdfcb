"""Browsers in which somebody has logged in before. They may still try when wrong passwords from elsewhere make strangers wait.

A signed cookie holds a random name of the browser and digests of the accounts that were logged in. It lets nobody in.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase

from foundation.tenancy.services.log_in_limits import account_of

COOKIE = "known_browser"
SALT = "portal.web.known_browser"
KEPT_SECONDS = 365 * 24 * 3600
MOST_ACCOUNTS = 5


def name_of(request: HttpRequest, account: str) -> str:
    """The browser's name where ``account`` was logged in in it before; "" for a stranger."""
    kept = _kept(request)
    return f"browser {kept['name']}" if account in kept.get("accounts", ()) else ""


def remember(request: HttpRequest, response: HttpResponseBase, email: str) -> None:
    """Makes the browser a known one of the account, the latest ones kept."""
    kept, account = _kept(request), account_of(email)
    accounts = [account, *(one for one in kept.get("accounts", ()) if one != account)][:MOST_ACCOUNTS]
    value = {"name": kept.get("name") or secrets.token_hex(8), "accounts": accounts}
    response.set_cookie(
        COOKIE,
        signing.dumps(value, salt=SALT),
        max_age=KEPT_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _kept(request: HttpRequest) -> dict[str, Any]:
    try:
        found: Any = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=KEPT_SECONDS)
    except signing.BadSignature:
        return {}
    return found if isinstance(found, dict) else {}


class KnownBrowsers:
    """Remembers the browser when a request has logged somebody in, or has set a new password by the mailed link."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        proved = vars(request).get("proved_email")
        if proved:
            remember(request, response, proved)
        return response
