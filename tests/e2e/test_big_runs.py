"""Full runs, and what happens to them: readers beside them, a killed worker, a person who cancels, refused keys."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import requests
from playwright.sync_api import Page, expect

from tests.e2e.conftest import OpenPage
from tests.e2e.running import Running, until
from tests.e2e.runs import RUN_MS, ended, latest, start

TOTAL = re.compile(r"<strong>[\d,]+</strong> of <strong>([\d,]+)</strong> tickets")


class Reader:
    """Somebody who reloads the ticket list again and again: ``totals`` of all tickets, ``found`` by the new words."""

    def __init__(self, page: Page, portal: Running, words: str) -> None:
        self.session = requests.Session()
        self.session.trust_env = False
        for cookie in page.context.cookies():
            self.session.cookies.set(cookie["name"], cookie["value"])
        self.address = f"{portal.address}/tickets/"
        self.words = words
        self.totals: list[int] = []
        self.found: list[int] = []
        self.problems: list[str] = []

    def look(self) -> None:
        """One reload of both lists."""
        self.totals.append(self.total(""))
        self.found.append(self.total(self.words))

    def total(self, words: str) -> int:
        """How many tickets the list says there are."""
        answer = self.session.get(self.address, params={"state": "all", "q": words}, timeout=30)
        answer.raise_for_status()
        if "No ticket matches" in answer.text:
            return 0
        found = TOTAL.search(answer.text)
        if found is None:
            raise ValueError("the list says no total")
        return int(found[1].replace(",", ""))

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Looks without a pause while inside."""
        over = threading.Event()

        def read() -> None:
            try:
                while not over.is_set():
                    self.look()
            except (requests.RequestException, ValueError) as err:
                self.problems.append(repr(err))

        thread = threading.Thread(target=read)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


def test_a_clear_and_resync_asks_first_and_readers_see_the_old_copy_or_the_new_one(
    portal: Running, open_page: OpenPage
) -> None:
    page = open_page("admin", f"/sync/connections/{portal.connection}/", allowed=(422,))
    list_page = open_page("admin", "/tickets/?state=all")
    ids = [int(number) for number in list_page.locator("tbody .mono").all_inner_texts()[:40]]
    portal.psa.control("change", ids=ids, set={"summary": "Renamed behind the portal's back"})
    page.get_by_role("link", name="Full clear and resync…").click()
    expect(page.locator(".callout-title")).to_contain_text(re.compile(r"\d+ tickets, .* are replaced"))
    expect(page.locator("main")).to_contain_text("Your team keeps seeing the current data")
    confirm = page.get_by_role("button", name="Clear and resync")
    name = page.get_by_label("Type ConnectWise sandbox to confirm")
    name.fill("ConnectWise")
    expect(confirm).to_be_disabled()
    name.fill("ConnectWise sandbox")
    expect(confirm).to_be_enabled()
    page.get_by_label("Reason").fill("Somebody renamed tickets in bulk")
    reader = Reader(page, portal, "Renamed behind portal")
    reader.look()
    portal.psa.control("faults", kind="slow", seconds=0.1, match={"path": "notes"})
    with reader.reading():
        confirm.click()
        page.locator("main").get_by_role("link", name=re.compile(r"^Run \d+$")).first.click()
        ended(page, "Success")
        seen = len(reader.totals)
        until(lambda: len(reader.totals) > seen + 1 or reader.problems, 30, "another look")
    assert reader.problems == []
    assert len(reader.totals) > 10
    assert set(reader.totals) == {reader.totals[0]}
    assert reader.found == sorted(reader.found)
    assert set(reader.found) == {0, len(ids)}
    expect(page.locator("main")).to_contain_text("Somebody renamed tickets in bulk")
    page.goto("/sync/history/?kind=clear_resync")
    expect(page.locator(".timeline")).to_contain_text("Alex Morgan")


def test_a_wrong_name_is_refused_by_the_server_too(portal: Running, open_page: OpenPage) -> None:
    page = open_page("admin", f"/sync/connections/{portal.connection}/clear/", allowed=(422,))
    page.get_by_label("Reason").fill("no matter")
    page.get_by_label("Type ConnectWise sandbox to confirm").fill("Another")
    page.locator("form").filter(has_text="to confirm").evaluate("form => form.submit()")
    expect(page.locator("main")).to_contain_text("This is not the connection's name.")
    expect(page.get_by_label("Reason")).to_have_value("no matter")


def test_progress_survives_a_killed_worker_and_a_reload(portal: Running, open_page: OpenPage) -> None:
    portal.psa.control("faults", kind="slow", seconds=0.2, match={"path": "notes"})
    number = start(portal, "full")
    page = open_page("admin", f"/sync/runs/{number}/")
    tickets = page.get_by_role("row").filter(has=page.get_by_role("cell", name="Tickets", exact=True))
    fetched = tickets.locator("[data-label=Fetched]")
    expect(fetched).to_have_text(re.compile(r"[1-9]"), timeout=RUN_MS)
    before = fetched.inner_text()
    killed = portal.kill("bulk")
    until(lambda: portal.process("bulk") != killed, 30, "another worker")
    page.reload()
    expect(fetched).to_have_text(before)
    portal.psa.control("faults", method="DELETE")
    ended(page, "No change|Success")
    run = latest(portal, run=number)
    assert run["state"] == "done"
    assert run["streams"]["tickets"]["requests"] == 2, (
        "a page of tickets was read again: there is one of service and one of project tickets"
    )


def test_a_run_is_cancelled_from_its_page_and_changes_nothing(portal: Running, open_page: OpenPage) -> None:
    before = open_page("technician", "/tickets/")
    number, summary = before.locator("tbody .mono").first.inner_text(), before.locator("tbody .lead a").first
    words = summary.inner_text()
    portal.psa.control("change", ids=[int(number)], set={"summary": "This must not arrive"}, stamp="keep")
    portal.psa.control("faults", kind="slow", seconds=0.5, match={"path": "notes"})
    run = start(portal, "full")
    page = open_page("admin", f"/sync/runs/{run}/")
    page.get_by_role("button", name="Cancel", exact=True).click()
    ended(page, "Cancelled")
    expect(page.locator("main")).to_contain_text("Alex Morgan")
    before.reload()
    expect(before.locator("tbody .lead a").first).to_have_text(words)


def test_refused_credentials_are_said_where_people_look(portal: Running, open_page: OpenPage) -> None:
    portal.psa.control("faults", kind="401")
    number = start(portal, "quick")
    page = open_page("admin", f"/sync/runs/{number}/")
    ended(page, "Error")
    expect(page.locator("main")).to_contain_text("Nothing here was changed")
    page.goto("/settings/integrations/")
    card = page.locator("article.card")
    expect(card).to_contain_text("Credentials refused")
    expect(card.get_by_role("link", name="Enter other credentials")).to_be_visible()
    page.goto("/")
    expect(page.locator("main")).to_contain_text("Credentials refused")
    portal.psa.control("faults", method="DELETE")
    page.goto(f"/settings/integrations/{portal.connection}/")
    page.get_by_role("button", name="Test now").click()
    expect(page.get_by_text("Everything works.", exact=True)).to_be_visible()
    expect(page.locator(".page-title")).to_contain_text("Connected")
