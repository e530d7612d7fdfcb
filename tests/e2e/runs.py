"""Runs as people see them in the browser."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e.running import Running

RUN_MS = 60_000
"""A run of a few hundred tickets is over long before."""
ENDED = re.compile("No change|Success|Warning|Error|Cancelled|Held")


def started(page: Page, button: str) -> str:
    """Presses ``button`` of Ticket Sync Options, and follows the run that the page then shows or lists; its address."""
    page.get_by_role("button", name=button, exact=True).click()
    expect(page.locator(".toast-text")).to_contain_text("You can leave this page")
    page.goto("/sync/history/")
    page.locator("main").get_by_role("link", name=button, exact=True).first.click()
    page.wait_for_url("**/sync/runs/*/")
    return page.url


def ended(page: Page, wanted: str) -> None:
    """The run page says how the run ended, without being reloaded."""
    badge = page.locator(".page-title .badge")
    expect(badge).to_have_text(ENDED, timeout=RUN_MS)
    expect(badge).to_have_text(re.compile(wanted))


def latest(portal: Running, **wanted: Any) -> dict[str, Any]:
    """The connection's latest run that has these values, as the command line tells it."""
    runs = portal.manage("sync", "history", "--connection", str(portal.connection))
    return next(run for run in runs if all(run[name] == value for name, value in wanted.items()))


def start(portal: Running, kind: str) -> int:
    """Asks for a run by the command line, and does not wait; its number."""
    asked = portal.manage("sync", "start", "--connection", str(portal.connection), "--kind", kind)
    return int(asked["run"])
