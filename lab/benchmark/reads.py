"""The pages at a million tickets: server time, statements, rows read, and the least that the same statements could cost."""

from __future__ import annotations

import math
import re
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import CommandError
from django.db import connection
from django.test import Client

from foundation.tenancy.models import User
from foundation.tenancy.scope import active_scope, tenant_transaction
from lab.benchmark.pages import Page, pages_of
from lab.benchmark.provider_data import Tenant, provider_data
from lab.benchmark.rows_read import Counters, RowsRead, counters, touched_since

Figures = dict[str, Any]
ASKED = 40
"""How often each page is asked for; the 95th percentile is the 38th of them."""
WARMING = 3
WITHIN_MS = 60.0
STATEMENTS = 8
TIMES = 10
"""The targets: milliseconds, statements, rows read for each that is returned."""


@dataclass(slots=True)
class Sent:
    """What one page sent to PostgreSQL. ``returned``: rows that its statements returned."""

    statements: list[tuple[str, Any]] = field(default_factory=list)
    returned: int = 0
    touched: RowsRead = field(default_factory=RowsRead)


def read(tickets: int) -> Iterator[Figures]:
    """Every list and every filter of the biggest provider, and of an ordinary one. The last result is the verdict."""
    found: list[Figures] = []
    with provider_data(tickets) as tenants:
        for tenant in (tenants[0], tenants[-1]):
            browser = signed_in(tenant.person)
            for page in pages_of(tenant):
                found.append(measured(page, tenant, browser))
                yield found[-1]
            browser.logout()
    yield verdict(tickets, found)


def measured(page: Page, tenant: Tenant, browser: Client, asked: int = ASKED) -> Figures:
    """One page of one provider, in the same process, with the middleware that a browser meets."""
    for _ in range(WARMING):
        ask(browser, page)
    sent, answer = counted(browser, page)
    times = sorted(timed(lambda: ask(browser, page)) for _ in range(asked))
    bare = sorted(timed(lambda: replay(sent, tenant)) for _ in range(max(1, asked // 2)))
    shown = len(set(re.findall(page.shows, answer.content.decode()))) if page.shows else 0
    return {
        "name": f"{page.name} ({tenant.tickets:,} tickets)",
        "p50_ms": round(statistics.median(times), 1),
        "p95_ms": round(percentile(times, 95), 1),
        "floor_p95_ms": round(percentile(bare, 95), 1),
        "queries": len(sent.statements),
        "rows_shown": shown,
        "rows_returned": sent.returned,
        "rows_read": sent.touched.read,
        "blocks": sent.touched.blocks,
        "read_most_of": dict(sorted(sent.touched.by.items(), key=lambda pair: -pair[1])[:3]),
    }


def verdict(tickets: int, found: list[Figures]) -> Figures:
    """The worst of all pages, and which of them miss a target."""
    slow = [page["name"] for page in found if page["p95_ms"] > WITHIN_MS]
    greedy = [page["name"] for page in found if page["rows_read"] > TIMES * max(1, page["rows_returned"])]
    return {
        "name": "read",
        "tickets": tickets,
        "pages": len(found),
        "worst_p95_ms": max(page["p95_ms"] for page in found),
        "most_queries": max(page["queries"] for page in found),
        "slower_than_60_ms": slow,
        "more_than_8_queries": [page["name"] for page in found if page["queries"] > STATEMENTS],
        "more_than_10_rows_read_for_one": greedy,
    }


def signed_in(person: User) -> Client:
    """A browser in this process; a session as after a log-in."""
    browser = Client(SERVER_NAME=urlsplit(settings.BASE_URL).hostname or "localhost")
    browser.force_login(person, settings.AUTHENTICATION_BACKENDS[0])
    return browser


def ask(browser: Client, page: Page) -> Any:
    """The answer. Raises CommandError for anything but the page: a fast refusal is no figure."""
    answer = browser.get(page.address, secure=settings.HTTPS)
    if answer.status_code != 200:
        raise CommandError(f"{page.name} answered {answer.status_code}: {page.address}")
    return answer


def counted(browser: Client, page: Page) -> tuple[Sent, Any]:
    """The page once more, with every statement looked at. Its time is no figure."""
    with recorded() as sent:
        answer = ask(browser, page)
    return sent, answer


@contextmanager
def recorded() -> Iterator[Sent]:
    """Keeps what is sent to PostgreSQL, and what it touched: the counters are looked at around the tenant's transaction."""
    recorder = Recorder()
    with connection.execute_wrapper(recorder):
        yield recorder.sent


class Recorder:
    """Stands between Django and the cursor."""

    def __init__(self) -> None:
        self.sent = Sent()
        self._before: Counters | None = None
        self._looking = False

    def __call__(self, execute: Callable[..., Any], statement: str, parameters: Any, many: bool, context: Any) -> Any:
        result = execute(statement, parameters, many, context)
        if not self._looking and statement.lstrip(" (\n").upper().startswith(("SELECT", "WITH")):
            self.sent.statements.append((statement, parameters))
            self.sent.returned += max(0, context["cursor"].rowcount)
            if active_scope() and connection.in_atomic_block:
                self._look()
        return result

    def _look(self) -> None:
        self._looking = True
        if self._before is None:
            self._before = counters()
        self.sent.touched = touched_since(self._before)
        self._looking = False


def replay(sent: Sent, tenant: Tenant) -> None:
    """The same statements by a bare cursor, in one transaction of the same tenant, their rows read and thrown away."""
    with tenant_transaction(tenant.organization.pk), connection.connection.cursor() as cursor:
        for statement, parameters in sent.statements:
            cursor.execute(statement, parameters)
            cursor.fetchall()


def timed(work: Callable[[], object]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def percentile(ordered: list[float], percent: float) -> float:
    """The smallest value that so many percent of the ordered ones do not exceed."""
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]
