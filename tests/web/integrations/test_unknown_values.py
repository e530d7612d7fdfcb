"""Values of settings that this release does not know: what counts instead, which pages say so, and how they are mended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from foundation.tenancy.models import AuditEvent, User
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from integrations.services.connections import connection_configure
from integrations.settings_schema import (
    AT_ONCE,
    FIELDS,
    ConnectionSettings,
    SettingsInvalid,
    readable_settings,
    settings_from,
    settings_of,
    settings_problems,
)
from portal.web.integrations.steps import ORDER

PAGES = (
    "connection",
    "connection_sync",
    "connection_safeguards",
    "connection_handling",
    "connection_tickets",
    "connection_schedule",
    "clear_resync",
)
SAYING = ("connection", "connection_sync", "connection_safeguards", "connection_handling")
ODD: dict[str, Any] = {"of": ["a newer release"]}


@pytest.fixture
def browser(client_for: Callable[[User], Client], admin: User) -> Client:
    return client_for(admin)


def keep(connection: Connection, **values: Any) -> Connection:
    """The connection with these values stored as they are."""
    with tenant_transaction(connection.organization_id):
        stored = Connection.objects.get(pk=connection.pk)
        stored.settings |= values
        stored.save(update_fields=["settings"])
    return stored


def stored(connection: Connection) -> dict[str, Any]:
    with tenant_transaction(connection.organization_id):
        found: dict[str, Any] = Connection.objects.get(pk=connection.pk).settings
    return found


@pytest.mark.parametrize("name", FIELDS)
def test_a_default_counts_for_what_counts_at_once_and_nothing_for_what_is_read(
    connection: Connection, name: str
) -> None:
    found = keep(connection, **{name: ODD})
    if name in AT_ONCE:
        assert getattr(settings_of(found), name) == getattr(ConnectionSettings(), name)
    else:
        with pytest.raises(SettingsInvalid) as caught:
            settings_of(found)
        assert list(caught.value.errors) == [name]
    assert getattr(readable_settings(found), name) == getattr(ConnectionSettings(), name)
    (said,) = settings_problems(found)
    assert f"“{name}”" in said
    with pytest.raises(SettingsInvalid):
        settings_from({name: ODD})


@pytest.mark.parametrize("name", FIELDS)
def test_every_page_of_a_connection_opens_and_says_it(browser: Client, connection: Connection, name: str) -> None:
    keep(connection, **{name: ODD})
    for page in PAGES:
        answer = browser.get(reverse(f"web:{page}", args=[connection.pk]))
        assert answer.status_code == 200, (page, answer.content[:300])
        if page in SAYING:
            assert answer.content.decode().count(f"The setting “{name}” holds") == 1, page


def test_saving_the_form_that_has_it_writes_a_known_value_and_another_form_does_not(
    browser: Client, connection: Connection
) -> None:
    keep(connection, conflict_rule="merge_fields", hold_percent=7)
    page = browser.get(reverse("web:connection_safeguards", args=[connection.pk])).content.decode()
    assert "“conflict_rule” holds “merge_fields”, which this release does not know" in page
    assert "until another value is saved, ask counts." in page
    numbers = dict.fromkeys(("hold_least", "hold_percent", "hold_company_percent", "hold_second_percent"), 30)
    typed = numbers | {"undo_hours": 24, "audit_sample": 10}
    assert browser.post(reverse("web:connection_safeguards", args=[connection.pk]), typed).status_code == 302
    assert (stored(connection)["conflict_rule"], stored(connection)["hold_percent"]) == ("merge_fields", 30)
    typed = {"retry_attempts": 8, "fail_percent": 50, "conflict_rule": "ask"}
    assert browser.post(reverse("web:connection_handling", args=[connection.pk]), typed).status_code == 302
    assert stored(connection)["conflict_rule"] == "ask"
    with tenant_transaction(connection.organization_id):
        changes = [entry.changes for entry in AuditEvent.objects.filter(action="connection.configured").order_by("id")]
    assert "conflict_rule" not in changes[0]
    assert changes[1] == {"conflict_rule": ["merge_fields", "ask"]}


def test_a_scope_that_is_not_known_stays_until_it_is_chosen_anew(connection: Connection) -> None:
    found = keep(connection, boards=ODD)
    began = found.range_start
    with tenant_transaction(connection.organization_id):
        connection_configure(connection=found, settings=readable_settings(found), chosen=("hold_percent",))
        assert stored(connection)["boards"] == ODD
        fresh = connection_configure(connection=found, settings=readable_settings(found), chosen=("boards",))
    assert (settings_of(fresh).boards, fresh.range_start) == (None, began)


def test_every_step_of_setting_a_connection_up_opens_and_says_it(browser: Client, connection: Connection) -> None:
    keep(connection, boards=ODD)
    with tenant_transaction(connection.organization_id):
        Connection.objects.filter(pk=connection.pk).update(setup_step=ORDER[-1])
    for step in ORDER:
        answer = browser.get(reverse("web:connection_configure", args=[connection.pk, step]))
        assert answer.status_code == 200, (step, answer.content[:300])
        assert answer.content.decode().count("The setting “boards” holds") == 1, step
