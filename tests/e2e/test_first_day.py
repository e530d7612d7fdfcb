"""From nothing to a synced ticket list, as somebody does it who has never seen the product."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.audit import defects
from tests.e2e.conftest import OpenPage, log_in
from tests.e2e.running import Running, until
from tests.e2e.runs import RUN_MS, ended

LOGIN = ("ada@fresh.example", "a-long-enough-passphrase")
STEPS = ("Boards", "What to sync", "Schedule")


@pytest.fixture(scope="module")
def newcomer(portal: Running) -> None:
    """An organization of its own, with an admin and nothing else."""
    portal.manage("organization", "create", "--slug", "fresh", "--name", "Fresh MSP", "--time-zone", "Europe/Amsterdam")
    person = ("--organization", "fresh", "--email", LOGIN[0], "--role", "admin", "--password-stdin")
    portal.manage("user", "create", *person, given=LOGIN[1])


@pytest.mark.usefixtures("newcomer")
def test_a_newcomer_connects_watches_the_first_sync_and_reads_tickets(portal: Running, open_page: OpenPage) -> None:
    page = open_page("", "/tickets/")
    expect(page).to_have_url(re.compile("/account/login/"))
    log_in(page, *LOGIN)
    expect(page.get_by_role("heading", name="No system is connected")).to_be_visible()
    page.get_by_role("link", name="Connect a system").click()
    expect(page.get_by_text("What the key needs").first).to_be_visible()
    page.locator("main").get_by_role("link", name="Connect ConnectWise").click()
    enter_credentials(page, portal)
    choose(page)
    portal.psa.control("faults", kind="slow", seconds=0.15, match={"path": "notes"})
    page.get_by_role("button", name="Start the first sync").click()
    expect(page.locator("main")).to_contain_text("records appear as they are read, newest tickets first")
    seen = read_until_landed(page)
    assert seen == sorted(seen)
    early = page.context.new_page()
    early.goto("/tickets/")
    expect(early.get_by_text("The list is not complete yet")).to_be_visible()
    expect(early.locator("tbody tr")).to_have_count(50)
    portal.psa.control("reset")
    ended(page, "Success")
    tickets = page.get_by_role("row").filter(has=page.get_by_role("cell", name="Tickets", exact=True))
    expect(tickets.locator("[data-label=Expected]")).to_have_text(tickets.locator("[data-label=Fetched]").inner_text())
    expect(tickets.locator("[data-label=Failed]")).to_have_text("0")
    early.reload()
    expect(early.get_by_text("The list is not complete yet")).to_have_count(0)
    page.goto("/")
    expect(page.get_by_text("The last sync was applied and nothing failed.")).to_be_visible()
    expect(page.locator("main").get_by_text("Connected")).to_be_visible()


def enter_credentials(page: Page, portal: Running) -> None:
    """First with a wrong key, which is refused in words and keeps what was typed; then with the right one."""
    good = portal.psa.credentials
    page.get_by_label("Address").fill(good["address"])
    page.get_by_label("Company ID").fill(good["company_id"])
    page.get_by_label("Public key").fill(good["public_key"])
    page.get_by_label("Private key").fill("not-the-key")
    page.get_by_label("Client ID").fill(good["client_id"])
    page.get_by_role("button", name="Save and test").click()
    expect(page.get_by_text("It does not work yet.")).to_be_visible()
    expect(page.locator("main")).to_contain_text("What to do:")
    expect(page.get_by_role("button", name="Continue")).to_have_count(0)
    page.get_by_role("link", name="Change credentials").click()
    expect(page.get_by_label("Company ID")).to_have_value(good["company_id"])
    expect(page.get_by_label("Private key")).to_have_value("")
    page.get_by_label("Private key").fill(good["private_key"])
    page.get_by_role("button", name="Save and test").click()
    expect(page.get_by_text("Everything works.", exact=True)).to_be_visible()


def choose(page: Page) -> None:
    """Through the steps as they are proposed; each is in order, and all that was chosen is shown before the start."""
    page.get_by_role("button", name="Continue").click()
    for step in STEPS:
        expect(page.get_by_role("heading", level=2, name=step, exact=True)).to_be_visible()
        assert defects(page) == []
        page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="What was chosen")).to_be_visible()
    expect(page.locator("main")).to_contain_text("Changed within 1 year")
    assert defects(page) == []


def read_until_landed(page: Page) -> list[int]:
    """The counts of records read that the page shows by and by, until notes of tickets are among them."""
    counts: list[int] = []
    panel = page.locator("main")

    def look() -> bool:
        words = panel.inner_text()
        if found := re.search(r"([\d,]+)(?: of [\d,]+)? records read", words):
            counts.append(int(found[1].replace(",", "")))
        return bool(re.search(r"Notes", words)) and len(set(counts)) > 1

    until(look, RUN_MS / 1000, "records are read")
    return counts
