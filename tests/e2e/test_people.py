"""Who sees what, and how far one comes without a mouse."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import OpenPage, log_in
from tests.e2e.page_inventory import PAGES
from tests.e2e.running import Running

STRANGER = ("eve@stranger.example", "a-long-enough-passphrase")
NUMBERED = ("ticket", "client", "run", "run_items", "run_log", "run_diff", "connection_sync", "clear_resync",
            "connection", "connection_tickets", "connection_schedule", "connection_credentials", "person")  # fmt: skip
BEYOND = {
    "technician": ("integrations", "clear_resync", "connection_schedule", "people", "roles", "audit"),
    "readonly": ("sync_history", "run", "connection_sync", "integrations", "people", "audit"),
}


@pytest.fixture(scope="module")
def stranger(portal: Running) -> None:
    """An admin of another organization."""
    portal.manage("organization", "create", "--slug", "stranger", "--name", "Stranger IT", "--time-zone", "UTC")
    person = ("--organization", "stranger", "--email", STRANGER[0], "--role", "admin", "--password-stdin")
    portal.manage("user", "create", *person, given=STRANGER[1])


def status(page: Page, path: str) -> int:
    """What the server answers to a page that somebody opens."""
    answer = page.goto(path)
    assert answer is not None
    return answer.status


@pytest.mark.usefixtures("stranger")
def test_what_is_another_organizations_is_not_there(open_page: OpenPage, numbers: dict[str, str]) -> None:
    owner = open_page("admin")
    page = open_page("", "/account/login/", allowed=(404,))
    log_in(page, *STRANGER)
    for name in NUMBERED:
        path = PAGES[name].format(**numbers)
        assert status(owner, path) == 200, path
        assert status(page, path) == 404, path
        foreign = page.locator("main").inner_text()
        assert status(page, re.sub(r"\d+", "987654321", path)) == 404, path
        assert page.locator("main").inner_text() == foreign, path
    page.goto("/tickets/?state=all")
    expect(page.get_by_role("heading", name="No tickets yet")).to_be_visible()


@pytest.mark.parametrize("role", ["technician", "readonly"])
def test_people_see_what_their_role_allows(open_page: OpenPage, numbers: dict[str, str], role: str) -> None:
    page = open_page(role, "/tickets/", allowed=(403,))
    expect(page.locator("tbody tr").first).to_be_visible()
    for name in BEYOND[role]:
        path = PAGES[name].format(**numbers)
        expect(page.locator(".rail").locator(f"a[href='{path}']")).to_have_count(0)
        assert status(page, path) == 403, path
        page.goto("/")


def test_a_technician_watches_syncs_and_starts_none(open_page: OpenPage, portal: Running) -> None:
    page = open_page("technician", f"/sync/connections/{portal.connection}/")
    expect(page.get_by_text("Your role can watch syncs here.")).to_be_visible()
    expect(page.get_by_role("button", name="Quick sync", exact=True)).to_have_count(0)
    expect(page.get_by_role("link", name="Full clear and resync…")).to_have_count(0)


def test_the_keyboard_leads_to_the_content_the_search_and_the_other_pages(open_page: OpenPage) -> None:
    page = open_page("admin", "/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("g")
    page.keyboard.press("t")
    page.wait_for_url("**/tickets/")
    page.keyboard.press("/")
    search = page.get_by_role("searchbox", name="Search the tickets")
    expect(search).to_be_focused()
    page.keyboard.type("printer")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/tickets/\?(.*&)?q=printer"))


def test_the_focus_is_seen_on_every_control_of_the_ticket_list(open_page: OpenPage) -> None:
    page = open_page("admin", "/tickets/")
    unseen = []
    for _ in range(40):
        page.keyboard.press("Tab")
        look = page.evaluate(
            """() => {
              const node = document.activeElement, style = getComputedStyle(node);
              const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1;
              return [node.outerHTML.slice(0, 100), ring || style.boxShadow !== "none", node.checkVisibility()];
            }"""
        )
        if not (look[1] and look[2]):
            unseen.append(look[0])
    assert unseen == []


def test_the_shortcuts_are_listed_in_a_dialog_that_escape_closes(open_page: OpenPage) -> None:
    page = open_page("readonly", "/")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
