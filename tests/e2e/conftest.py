"""The product with all its processes, started once for these tests, and a browser in front of it.

On a machine without a browser the tests are not collected, except in CI, which installs one.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
import redis
from playwright.sync_api import Browser, Page, StorageState, expect, sync_playwright

from tests.e2e.running import Running, running
from tests.e2e.watching import Watch
from tests.fixtures.database import empty_tables
from tests.servers_plugin import CLAIM

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or "/usr/bin/chromium"
PATIENCE = 15_000
"""Milliseconds; what the product answers at once is there long before."""

if not Path(CHROMIUM).exists() and os.environ.get("CI") != "true":
    collect_ignore_glob = ["test_*.py"]

OpenPage = Callable[..., Page]


@pytest.fixture(scope="package")
def portal(owner: psycopg.Connection, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The running product with an organization that is connected and synced once. Its data go when it ends."""
    try:
        with running(tmp_path_factory.mktemp("portal")) as started:
            yield started
    finally:
        empty_tables(owner)
        empty_broker(os.environ["REDIS_URL"])


def empty_broker(address: str) -> None:
    """Bells that nobody heard are not for the tests that follow."""
    with redis.Redis.from_url(address) as client:
        left = [key for key in client.scan_iter() if key != CLAIM.encode()]
        if left:
            client.delete(*left)


@pytest.fixture(scope="package")
def browser(portal: Running) -> Iterator[Browser]:
    """One headless Chromium."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
def sessions(browser: Browser, portal: Running) -> dict[str, StorageState]:
    """The cookies of people who are logged in; filled as they are needed."""
    return {}


@pytest.fixture
def open_page(browser: Browser, portal: Running, sessions: dict[str, StorageState]) -> Iterator[OpenPage]:
    """``open_page("admin", path)`` → a page of that person; fails the test on anything that goes wrong behind its back.

    Without a role nobody is logged in. ``allowed``: statuses that are meant. Other options are the browser context's.
    """
    watches: list[Watch] = []
    with ExitStack() as opened:

        def open_one(
            role: str = "", path: str = "/", *, allowed: tuple[int, ...] = (), width: int = 1440, **options: object
        ) -> Page:
            state = sessions.get(role) or (logged_in(browser, portal, sessions, role) if role else None)
            context = browser.new_context(
                base_url=portal.address, storage_state=state, viewport={"width": width, "height": 900}, **options
            )
            opened.callback(context.close)
            context.set_default_timeout(PATIENCE)
            watch = Watch(context)
            watch.allowed.update(allowed)
            watches.append(watch)
            page = watch.page()
            page.goto(path)
            return page

        yield open_one
    problems = [problem for watch in watches for problem in watch.problems]
    assert problems == []


def logged_in(browser: Browser, portal: Running, sessions: dict[str, StorageState], role: str) -> StorageState:
    """Logs that person in once."""
    context = browser.new_context(base_url=portal.address)
    page = context.new_page()
    log_in(page, *portal.login(role))
    sessions[role] = context.storage_state()
    context.close()
    return sessions[role]


def log_in(page: Page, email: str, password: str) -> None:
    """Types them in the log-in page, and sees the dashboard."""
    page.goto("/account/login/")
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1, name="Dashboard")).to_be_visible()


LINKS = {
    "ticket": ("/tickets/", "tickets"),
    "client": ("/clients/", "clients"),
    "asset": ("/clients/assets/", "clients/assets"),
    "contact": ("/clients/contacts/", "clients/contacts"),
    "agreement": ("/clients/agreements/", "clients/agreements"),
    "invoice": ("/clients/invoices/", "clients/invoices"),
    "opportunity": ("/clients/opportunities/", "clients/opportunities"),
    "run": ("/sync/history/?kind=full&result=success", "sync/runs"),
    "person": ("/settings/people/", "settings/people"),
    "role": ("/settings/roles/", "settings/roles"),
}
"""The page whose first link of a kind leads to one of each."""


@pytest.fixture(scope="package")
def numbers(browser: Browser, portal: Running, sessions: dict[str, StorageState]) -> dict[str, str]:
    """The number, in addresses, of one record of each kind."""
    context = browser.new_context(base_url=portal.address, storage_state=logged_in(browser, portal, sessions, "admin"))
    page = context.new_page()
    found = {"connection": str(portal.connection)}
    for kind, (path, root) in LINKS.items():
        page.goto(path)
        links = page.locator(f"main a[href^='/{root}/']").evaluate_all(
            "all => all.map(one => one.getAttribute('href'))"
        )
        found[kind] = next(match[1] for link in links if (match := re.fullmatch(rf"/{root}/(\d+)/", link)))
    page.goto(f"/sync/connections/{portal.connection}/")
    page.get_by_role("button", name="Compare now").click()
    page.wait_for_url(re.compile(r"/sync/audits/\d+/$"))
    found["audit"] = page.url.rstrip("/").rpartition("/")[2]
    page.goto(f"/sync/connections/{portal.connection}/")
    page.locator("#preview-quick").click()
    page.wait_for_url(re.compile(r"/sync/runs/\d+/$"))
    found["preview"] = page.url.rstrip("/").rpartition("/")[2]
    page.get_by_text("Preview: would").first.wait_for()
    context.close()
    return found


@pytest.fixture(autouse=True)
def well_psa(portal: Running) -> Iterator[None]:
    """What a test does to the PSA's health ends with it."""
    yield
    portal.psa.control("reset")
