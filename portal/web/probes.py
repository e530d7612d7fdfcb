"""Answers for load balancers and supervisors."""

from __future__ import annotations

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from foundation.core.lenient_cache import redis_ping


def alive(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok", content_type="text/plain")


def ready(request: HttpRequest) -> HttpResponse:
    """PostgreSQL and Redis answer too; otherwise 503 by the error handler."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    redis_ping()
    return JsonResponse({"database": "ok", "broker": "ok"})
