"""What the page of the ticket settings says about runs that began with other ones."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from sync.models import Run
from tests.fixtures.runs import make_run
from tests.web.integrations.test_companies import words


def shown(browser: Client, connection: Connection, **values: object) -> str:
    with tenant_transaction(connection.organization_id):
        run = make_run(connection, Run.Kind.FULL, **values)
    page = words(browser.get(reverse("web:connection_tickets", args=[connection.pk])).content)
    return page.replace(f"Run {run.pk} ", "Run N ")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            {"plan": {"digest": "x"}},
            "Full sync under way Run N goes on with the settings that it began with. What you save here counts from the next sync on.",
        ),
        (
            {"plan": {"digest": "x"}, "result": "held"},
            "Full sync waits for approval Run N has read the PSA with the settings that it began with. Once what is read is changed here, "
            "it can't be approved any more: reject it then, and the next sync reads anew.",
        ),
    ],
)
def test_runs_that_go_on_with_their_own_settings_are_named(
    browser: Client, connected: Connection, values: dict[str, object], said: str
) -> None:
    assert said in shown(browser, connected, **values)


@pytest.mark.parametrize("values", [{}, {"plan": {"digest": "x"}, "result": "success"}])
def test_runs_that_have_not_begun_or_are_over_are_not(
    browser: Client, connected: Connection, values: dict[str, object]
) -> None:
    assert "settings that it began with" not in shown(browser, connected, **values)
