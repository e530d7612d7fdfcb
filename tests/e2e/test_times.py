"""The schedule: edited and paused in its page, kept by beat, brought forward by an operator."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.e2e.conftest import OpenPage
from tests.e2e.running import Running, until
from tests.e2e.runs import ended

MINUTE_AND_A_BIT = 75.0


def test_a_quick_sync_every_minute_comes_by_itself_until_it_is_paused(portal: Running, open_page: OpenPage) -> None:
    page = open_page("admin", f"/settings/integrations/{portal.connection}/schedule/")
    page.get_by_label("Quick sync").select_option(label="Every minute")
    page.get_by_role("button", name="Save the schedule").click()
    expect(page.get_by_label("Quick sync")).to_have_value("1")
    expect(page.locator(".page-aside")).to_contain_text(
        re.compile(r"Next quick sync\s*(in a moment|in \d+ s|in 1 min|just now)")
    )
    watcher = open_page("technician", "/tickets/")
    number = int(watcher.locator("tbody .mono").first.inner_text())
    portal.psa.control("change", ids=[number], set={"summary": "Seen without a press"})

    def seen() -> bool:
        watcher.goto("/tickets/?q=seen+without+press")
        return watcher.get_by_role("link", name="Seen without a press").count() == 1

    until(seen, MINUTE_AND_A_BIT, "the change in the list")
    watcher.goto("/sync/history/?trigger=interval")
    expect(watcher.locator(".timeline")).to_contain_text("1 updated")
    page.get_by_role("button", name="Pause the schedule").click()
    expect(page.get_by_text("Nothing starts by itself.")).to_be_visible()
    page.goto("/settings/integrations/")
    expect(page.locator("article.card")).to_contain_text("Paused")
    page.goto(f"/settings/integrations/{portal.connection}/schedule/")
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("Nothing starts by itself.")).to_have_count(0)
    page.get_by_label("Quick sync").select_option(label="Off")
    page.get_by_role("button", name="Save the schedule").click()
    expect(page.locator(".page-aside")).to_contain_text(re.compile(r"Next quick sync\s*off"))


def test_a_night_is_brought_forward(portal: Running, open_page: OpenPage) -> None:
    asked = portal.manage("sync", "nightly", "--connection", str(portal.connection), "--now")
    page = open_page("technician", f"/sync/runs/{asked['run']}/")
    ended(page, "No change|Success")
    expect(page.locator(".page-subtitle")).to_contain_text("Nightly")
    page.goto("/sync/history/?trigger=nightly")
    expect(page.get_by_role("link", name="Full sync")).to_have_count(1)
