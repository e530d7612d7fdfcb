"""What technicians and admins do each day: find tickets, read them, see what changed in the PSA, look things up."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.e2e.conftest import OpenPage
from tests.e2e.running import Running, until
from tests.e2e.runs import RUN_MS, ended, started


def cells(page: Page, label: str) -> set[str]:
    """The different words in a column of the list."""
    return {text.strip() for text in page.locator(f"tbody td[data-label={label}]").all_inner_texts()}


def shown(page: Page) -> int:
    """How many tickets the list says there are."""
    words = page.locator(".pager").inner_text()
    found = re.search(r"of ([\d,]+) tickets", words)
    assert found is not None, words
    return int(found[1].replace(",", ""))


def test_a_change_in_the_psa_arrives_by_quick_sync_and_is_told_field_by_field(
    portal: Running, open_page: OpenPage
) -> None:
    page = open_page("admin", "/tickets/")
    row = page.locator("tbody tr").first
    number, before = row.locator(".mono").inner_text(), row.locator(".lead a").inner_text()
    after = "The coffee machine reports a kernel panic"
    portal.psa.control("change", ids=[int(number)], set={"summary": after})
    page.goto(f"/sync/connections/{portal.connection}/")
    started(page, "Quick sync")
    ended(page, "Success")
    page.locator("#tab-items").click()
    item = page.locator("tbody tr").filter(has_text=after)
    expect(item.locator("[data-label=Outcome]")).to_have_text("Updated")
    expect(item.locator("del").filter(has_text=before)).to_be_visible()
    expect(item.locator("ins").filter(has_text=after)).to_be_visible()
    page.goto("/tickets/?q=coffee+machine+kernel")
    page.get_by_role("link", name=after).click()
    expect(page.get_by_role("heading", level=1, name=after)).to_be_visible()
    page.locator("summary").filter(has_text="History").click()
    expect(page.locator(".diff del").filter(has_text=before)).to_be_visible()


def test_filters_narrow_the_list_and_stay_in_the_address(portal: Running, open_page: OpenPage) -> None:
    page = open_page("technician", "/tickets/?state=all")
    everything = shown(page)
    board = page.get_by_label("Board", exact=True)
    name = "Help Desk"
    board.select_option(label=name)
    page.wait_for_url(re.compile(r"[?&]board=\d+"))
    narrowed = shown(page)
    assert 0 < narrowed < everything
    assert all(name in words for words in page.locator("tbody .sub").all_inner_texts())
    page.get_by_label("State").select_option("closed")
    page.wait_for_url(re.compile("state=closed"))
    assert 0 < shown(page) < narrowed
    page.reload()
    expect(page.get_by_label("Board", exact=True)).to_have_value(re.compile(r"\d+"))
    page.get_by_role("searchbox", name="Search the tickets").fill("there is no such word")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="No ticket matches")).to_be_visible()
    page.get_by_role("link", name="Clear all filters").click()
    page.goto("/tickets/?state=all&sort=created")
    first = page.locator("tbody tr").first.locator("[data-label=Created] time").get_attribute("datetime")
    page.goto("/tickets/?state=all&sort=-created")
    last = page.locator("tbody tr").first.locator("[data-label=Created] time").get_attribute("datetime")
    assert first is not None
    assert last is not None
    assert first < last


def test_the_pages_of_a_list_hold_each_ticket_once(open_page: OpenPage, portal: Running) -> None:
    page = open_page("technician", "/tickets/?state=all")
    total = shown(page)
    seen: list[str] = []
    while True:
        seen += page.locator("tbody .mono").all_inner_texts()
        following = page.locator("a[rel=next]")
        if not following.count():
            break
        address = page.url
        page.keyboard.press("j")
        page.wait_for_url(lambda url, address=address: url != address)
    assert len(seen) == len(set(seen)) == total


def test_opening_a_ticket_brings_its_newest_notes(portal: Running, open_page: OpenPage) -> None:
    page = open_page("technician", "/tickets/?state=closed")
    row = page.locator("tbody tr").first
    text = "The client called: it was the cleaner's vacuum after all."
    portal.psa.control("note", ticket=int(row.locator(".mono").inner_text()), set={"text": text})
    row.locator(".lead a").click()
    expect(page.locator("#story")).to_be_visible()

    def is_shown() -> bool:
        page.reload()
        page.wait_for_load_state("networkidle")
        return text in page.locator("#story").inner_text()

    until(is_shown, 30, "the newest note, once those read by a sync are not fresh any more")


def test_the_history_and_a_log_are_filtered(portal: Running, open_page: OpenPage) -> None:
    page = open_page("admin", "/sync/history/")
    page.get_by_label("Kind").select_option(label="Full sync")
    page.wait_for_url(re.compile("kind=full"))
    page.get_by_label("Result").select_option(label="Success")
    page.wait_for_url(re.compile("result=success"))
    heads = page.locator(".timeline a strong")
    expect(heads.first).to_have_text("Full sync")
    assert set(heads.all_inner_texts()) == {"Full sync"}
    page.get_by_label("Result").select_option(label="Held")
    expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()
    page.get_by_role("link", name="Clear the filters").click()
    page.get_by_role("link", name="Full sync").last.click()
    page.locator("#tab-log").click()
    assert "Debug" in cells(page, "Level")
    page.get_by_label("Level").select_option(label="Info and above")
    page.wait_for_url(re.compile("level=info"))
    assert cells(page, "Level") == {"Info"}
    page.get_by_label("Level").select_option(label="Everything")
    page.wait_for_url(lambda url: "level=" not in url)
    page.get_by_role("searchbox", name="Search the log").fill("Phase: Fetching")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)


def test_a_started_sync_tells_its_end_wherever_one_is(portal: Running, open_page: OpenPage) -> None:
    page = open_page("admin", f"/sync/connections/{portal.connection}/")
    page.get_by_role("button", name="Quick sync", exact=True).click()
    expect(page.locator(".toast-text")).to_contain_text("Quick sync started")
    page.goto("/clients/")
    told = page.locator(".toast").filter(has_text=re.compile("(No change|Success) · Quick sync of"))
    expect(told.first).to_be_visible(timeout=RUN_MS)
