"""Answers when something is wrong: what happened, whose turn it is, what to do. Never a traceback."""

from __future__ import annotations

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django_htmx.http import trigger_client_event
from psycopg_pool import PoolTimeout

from foundation.core import redis_errors
from foundation.core.database_errors import DISK_FULL, code_of, refuses_data
from foundation.core.errors import Refused

AWAY = (OperationalError, InterfaceError, PoolTimeout)
RETRY_SECONDS = 5
FULL_DISK = "A disk of MSPortal's servers is full: whoever runs MSPortal has to free some space on it. Until then nothing new can be saved."


def page(request: HttpRequest, status: int, context: dict[str, object] | None = None) -> HttpResponse:
    """The plain error page of ``status``: needs no database."""
    return HttpResponse(render_to_string(f"{status}.html", context or {}), status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(request, 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(request, 403, {"reason": str(exception)})


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(request, 404)


def refused(request: HttpRequest, error: Refused) -> HttpResponse:
    """What was asked can't be done now, in the rule's own words."""
    return page(request, 409, {"reason": error.message})


def too_many(request: HttpRequest, seconds: int) -> HttpResponse:
    """The person has asked too often; ``seconds``: how long to wait."""
    response = page(request, 429, {"seconds": seconds})
    response["Retry-After"] = str(seconds)
    # A part of a page that is refused is not swapped in: the page says it.
    return trigger_client_event(
        response, "toast", {"text": f"Asked too often. Try again in {seconds} s.", "tone": "warn"}
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """503 with Retry-After while PostgreSQL or Redis is away, else 500. Data that PostgreSQL refuses are no outage."""
    error = sys.exc_info()[1]
    if error is not None and is_outage(error):
        full = code_of(error) == DISK_FULL or redis_errors.has_full_disk(error)
        response = page(request, 503, {"reason": FULL_DISK if full else ""})
        response["Retry-After"] = str(RETRY_SECONDS)
        return response
    return page(request, 500)


def is_outage(error: BaseException) -> bool:
    """Whether PostgreSQL or Redis can't work just now."""
    return (isinstance(error, AWAY) and not refuses_data(error)) or redis_errors.is_away(error)
