"""Knowing why: a ticket that is missing is found out about and fetched; a record that fails is mended."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.e2e.audit import defects
from tests.e2e.conftest import OpenPage
from tests.e2e.running import Running, until
from tests.e2e.runs import ended, started
from tests.e2e.test_pages import photograph

NARROW = {"width": 390, "height": 900}
WORKER = 20.0
"""Seconds for a worker to come."""


def in_order(page: Page, name: str) -> None:
    """At both widths; photographed where people ask for it."""
    for size in (NARROW, {"width": 1440, "height": 900}):
        page.set_viewport_size(size)
        assert defects(page) == []
        photograph(page, name, size["width"], "light")


def test_a_missing_ticket_is_found_out_about_and_fetched(portal: Running, open_page: OpenPage) -> None:
    page = open_page("technician", "/tickets/?q=zebra+in+the+server+room", allowed=(422,))
    (number,) = portal.psa.control("create", n=1, set={"summary": "Zebra in the server room"})["ids"]
    page.get_by_role("link", name="Why is a ticket missing?").click()
    page.get_by_label("Ticket", exact=True).fill("the zebra")
    page.get_by_role("button", name="Find out").click()
    expect(page.get_by_text("neither a ticket number nor the address")).to_be_visible()
    page.get_by_label("Ticket", exact=True).fill(f"#{number}")
    page.get_by_role("button", name="Find out").click()
    expect(page.locator("#verdict")).to_contain_text(re.compile("newer than the last sync"))
    in_order(page, "missing_verdict")
    page.get_by_role("button", name="Fetch it now").click()
    expect(page.locator("#fetched")).to_contain_text("Zebra in the server room")
    in_order(page, "missing_fetched")
    page.get_by_role("link", name="Open the ticket").click()
    expect(page.get_by_role("heading", level=1, name="Zebra in the server room")).to_be_visible()


def test_a_record_that_fails_is_mended_and_fetched_again(portal: Running, open_page: OpenPage) -> None:
    (number,) = portal.psa.control("create", n=1, set={"summary": "Hours beyond counting"})["ids"]
    portal.psa.control("change", ids=[number], set={"budgetHours": 10**400})
    page = open_page("admin", f"/sync/connections/{portal.connection}/")
    started(page, "Quick sync")
    ended(page, "Warning")
    page.goto("/sync/issues/")
    in_order(page, "issues")
    page.locator("tbody a").first.click()
    expect(page.locator("tbody")).to_contain_text(str(number))
    in_order(page, "issue")
    portal.psa.control("change", ids=[number], set={"budgetHours": 1})
    page.get_by_role("button", name="Fetch again").click()
    expect(page.locator(".page-title .badge")).to_contain_text(re.compile("Open|Cleared"))

    def cleared() -> bool:
        page.goto("/sync/issues/?state=cleared")
        return page.locator("#issues tbody tr").count() > 0

    until(cleared, WORKER, "the issue among the cleared ones")
    page.goto("/tickets/?q=hours+beyond+counting")
    page.get_by_role("link", name="Hours beyond counting").click()
    page.goto("/sync/issues/")
    expect(page.get_by_role("heading", name="No issues")).to_be_visible()
