"""Every page, at two widths, in both themes: no script error, no refused policy, nothing unnamed, nothing too wide.

With E2E_SHOTS=DIRECTORY each is photographed, for people to look at.
"""

from __future__ import annotations

import os
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.e2e import page_inventory
from tests.e2e.audit import defects
from tests.e2e.conftest import OpenPage
from tests.e2e.running import Running

LOOKS = [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")]
STATES = {
    "tickets_found": "/tickets/?q=printer&state=all",
    "tickets_hidden": "/tickets/?q=there+is+no+such+word&state=closed",
    "tickets_more_filters": "/tickets/?created_from=2020-01-01&client=North",
    "history_filtered": "/sync/history/?result=error&kind=quick",
    "log_filtered": "/sync/runs/{run}/log/?level=error",
    "not_found": "/tickets/987654321/",
}
"""The same pages in states that are easily forgotten."""


@pytest.fixture(scope="module")
def staff(portal: Running, owner: psycopg.Connection) -> None:
    """The admin also runs the installation, and so sees the style guide."""
    changed = owner.execute("UPDATE tenancy_user SET is_staff = true WHERE email = %s", [portal.login("admin")[0]])
    assert changed.rowcount == 1


def photograph(page: Page, name: str, width: int, theme: str) -> None:
    """For people, where they ask for it."""
    if directory := os.environ.get("E2E_SHOTS"):
        page.screenshot(path=Path(directory) / f"{name}_{width}_{theme}.png", full_page=True, caret="initial")


def test_no_page_is_left_out() -> None:
    assert page_inventory.names() == {
        *page_inventory.PAGES,
        *page_inventory.SIGNED_OUT,
        *page_inventory.SEEN_ELSEWHERE,
        *page_inventory.NOT_PAGES,
    }


@pytest.mark.usefixtures("staff")
@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_every_page_is_in_order(open_page: OpenPage, numbers: dict[str, str], width: int, theme: str) -> None:
    page = open_page("admin", "/", width=width, color_scheme=theme, allowed=(404,))
    found = {}
    for name, path in (page_inventory.PAGES | STATES).items():
        answer = page.goto(path.format(**numbers))
        assert answer is not None
        assert answer.status == (404 if name == "not_found" else 200), name
        if wrong := defects(page):
            found[name] = wrong
        photograph(page, name, width, theme)
    assert found == {}


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_pages_before_logging_in_are_in_order(open_page: OpenPage, width: int, theme: str) -> None:
    page = open_page("", "/account/login/", width=width, color_scheme=theme)
    found = {}
    for name, path in page_inventory.SIGNED_OUT.items():
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 200, name
        if wrong := defects(page):
            found[name] = wrong
        photograph(page, name, width, theme)
    assert found == {}


def test_the_open_tab_is_in_sight_on_a_phone(open_page: OpenPage, numbers: dict[str, str]) -> None:
    page = open_page("admin", page_inventory.PAGES["connection_credentials"].format(**numbers), width=390)
    expect(page.get_by_role("link", name="Credentials", exact=True)).to_be_in_viewport(ratio=0.9)
