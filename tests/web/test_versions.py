"""Two people who save the same settings at once: the second is told what the first one saved, and loses nothing that he typed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client

from foundation.tenancy.models import Membership, Organization, Role, User
from foundation.tenancy.scope import tenant_transaction
from foundation.tenancy.services.roles import role_create
from integrations.models import Connection
from integrations.settings_schema import settings_of
from mappings.models import PortalValue
from mappings.services.values import value_add, values_prepare
from portal.web.versions import VersionedForm, changed_since, version_of
from sync.models import MailChoice, Schedule

ClientFor = Callable[[User], Client]
TOLD = "saved by somebody else, or in another window"


class Inputs(HTMLParser):
    """What a browser would send of the page's forms, but for buttons."""

    def __init__(self) -> None:
        super().__init__()
        self.form = -1
        self.forms: list[dict[str, Any]] = []
        self.select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name = given.get("name") or ""
        if tag == "form":
            self.forms.append({"": given.get("action") or ""})
        elif not self.forms:
            return
        elif tag == "input" and name and (given.get("type") not in {"checkbox", "radio"} or "checked" in given):
            self.forms[-1].setdefault(name, []).append(given.get("value") or ("on" if "checked" in given else ""))
        elif tag == "select":
            self.select = name
        elif tag == "option" and "selected" in given:
            self.forms[-1][self.select] = [given.get("value") or ""]


def sent_by(page: str, field: str) -> dict[str, Any]:
    """The inputs of the form that has ``field``."""
    found = Inputs()
    found.feed(page)
    return next(form for form in found.forms if field in form)


@dataclass(frozen=True)
class Case:
    """A form: its page, a field, what the first one saves, what the second one typed, and what is stored of it."""

    address: str
    field: str
    first: str
    second: str
    stored: Callable[[], object]
    other: tuple[str, str] | None = None


@pytest.fixture
def place(connection: Connection, organization: Organization, technician: User) -> dict[str, int]:
    with tenant_transaction(organization.pk):
        role = role_create(name="Night shift", permissions=["view_tickets"], actor=None)
        values_prepare()
        value_add(kind="status", name="Parked", tone="neutral")
        return {
            "connection": connection.pk,
            "role": role.pk,
            "person": Membership.objects.get(user=technician).pk,
            "value": PortalValue.objects.get(kind="status", name="Parked").pk,
            "admin_role": Role.objects.get(builtin="admin").pk,
            "readonly_role": Role.objects.get(builtin="readonly").pk,
        }


def setting(name: str) -> Callable[[], object]:
    return lambda: getattr(settings_of(Connection.objects.get()), name)


def quick_minutes() -> object:
    return Schedule.objects.get().quick_minutes


CASES = (
    Case("/settings/integrations/{connection}/safeguards/", "hold_percent", "7", "9", setting("hold_percent"), other=("undo_hours", "48")),
    Case("/settings/integrations/{connection}/handling/", "retry_attempts", "4", "6", setting("retry_attempts"), other=("fail_percent", "30")),
    Case("/settings/integrations/{connection}/schedule/", "quick_minutes", "30", "60", quick_minutes, other=("window_minutes", "60")),
    Case("/settings/integrations/{connection}/", "name", "First", "Second", lambda: Connection.objects.get().name),
    Case("/settings/roles/{role}/", "name", "Early shift", "Late shift", lambda: Role.objects.get(builtin="").name),
    Case("/settings/people/{person}/", "role", "{admin_role}", "{readonly_role}", lambda: Membership.objects.get(user__email="tom@acme.test").role_id),
    Case("/settings/integrations/values/statuses/", "name:{value}", "Put aside", "On ice", lambda: PortalValue.objects.latest("pk").name),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.address.split("/")[-2])
def test_a_save_on_what_somebody_else_changed_is_refused_and_keeps_what_was_typed(
    case: Case,
    place: dict[str, int],
    admin: User,
    make_person: Callable[..., User],
    organization: Organization,
    client_for: ClientFor,
) -> None:
    field, first, second = (text.format(**place) for text in (case.field, case.first, case.second))
    address = case.address.format(**place)
    here, there = client_for(admin), client_for(make_person(organization, "admin", "bo@acme.test", "Bo"))
    mine, theirs = (sent_by(browser.get(address).text, field) for browser in (here, there))
    target = mine.pop("") or address
    theirs.pop("")
    assert there.post(target, {**theirs, field: first}).status_code == 302
    refused = here.post(target, {**mine, field: second})
    assert refused.status_code in {400, 422}
    assert TOLD in refused.text
    with tenant_transaction(organization.pk):
        assert str(case.stored()) == first
    again = sent_by(refused.text, field)
    again.pop("")
    assert again[field] == [second]
    assert here.post(target, again).status_code == 302
    with tenant_transaction(organization.pk):
        assert str(case.stored()) == second


@pytest.mark.parametrize("case", [case for case in CASES if case.other], ids=lambda case: case.address.split("/")[-2])
def test_another_field_of_the_form_is_no_way_around_it(
    case: Case, place: dict[str, int], admin: User, organization: Organization, client_for: ClientFor
) -> None:
    assert case.other
    address, (other, value) = case.address.format(**place), case.other
    browser = client_for(admin)
    mine = sent_by(browser.get(address).text, case.field)
    mine.pop("")
    assert browser.post(address, {**mine, case.field: case.first}).status_code == 302
    assert TOLD in browser.post(address, {**mine, other: value}).text
    with tenant_transaction(organization.pk):
        assert str(case.stored()) == case.first


def test_mails_of_one_person_in_two_windows(admin: User, organization: Organization, client_for: ClientFor) -> None:
    browser = client_for(admin)
    mine = sent_by(browser.get("/settings/notifications/").text, "version")
    mine.pop("")
    assert browser.post("/settings/notifications/", {**mine, "digest": "on"}).status_code == 302
    assert (
        TOLD
        in browser.post(
            "/settings/notifications/", {name: text for name, text in mine.items() if name != "digest"}
        ).text
    )
    with tenant_transaction(organization.pk):
        assert MailChoice.objects.get().digest is True


def test_every_form_that_edits_what_is_stored_carries_its_version(
    place: dict[str, int], admin: User, client_for: ClientFor
) -> None:
    browser = client_for(admin)
    pages = [case.address.format(**place) for case in CASES]
    assert [page for page in pages if not re.search(r'name="version(:\d+)?"', browser.get(page).text)] == []


def test_the_same_values_have_the_same_version_however_they_came() -> None:
    stored = {"days": 30, "boards": ["2", "1"], "on": True, "none": None, "at": ""}
    version = version_of(stored)
    assert (
        changed_since(version, {"days": "30", "boards": ("1", "2"), "on": True, "none": "", "at": None, "new": 1})
        == set()
    )
    assert changed_since(version, {"days": 31, "boards": ["1"], "on": False}) == {"days", "boards", "on"}
    assert changed_since("\x00= =x days= nonsense", stored) == {"days"}


def test_the_version_of_a_form_is_that_of_what_is_stored_now() -> None:
    assert (
        unescape(VersionedForm(None, initial={"a": "<1>"}).version_input)
        == f'<input type="hidden" name="version" value="{version_of({"a": "<1>"})}">'
    )
