"""A client in each role, and runs to look at."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from foundation.tenancy.models import User
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from sync.models import Run
from tests.fixtures.runs import make_entries, make_issue, make_line, make_run, make_stream


@pytest.fixture
def as_admin(client_for: Callable[[User], Client], admin: User) -> Client:
    return client_for(admin)


@pytest.fixture
def as_technician(client_for: Callable[[User], Client], technician: User) -> Client:
    return client_for(technician)


@pytest.fixture
def as_reader(client_for: Callable[[User], Client], readonly: User) -> Client:
    return client_for(readonly)


@pytest.fixture
def finished(connection: Connection) -> Run:
    """A full sync with a warning: a stream, an item, an issue, a line."""
    with tenant_transaction(connection.organization_id):
        run = make_run(
            connection,
            "full",
            result="warning",
            message="1 updated; 1 could not be read or merged.",
            reason="Boards moved",
        )
        make_stream(
            run, expected=20, fetched=20, updated=1, unchanged=18, failed=1, expected_source="counted by the PSA"
        )
        make_entries(run, 1)
        make_issue(run)
        make_line(run, "Finished: Warning", "info")
    return run


@pytest.fixture
def running(connection: Connection) -> Run:
    """A full sync in the middle of its tickets."""
    with tenant_transaction(connection.organization_id):
        run = make_run(connection, "full", ago=100)
        make_stream(run, state="fetching", expected=1000, fetched=500, expected_source="counted by the PSA")
        make_line(run, "page", stream="tickets", fields={"page": 5, "rows": 300, "seconds": 1})
    return run


@pytest.fixture
def held(connection: Connection) -> Run:
    """A full sync that would remove too much."""
    verification = {"streams": {}, "held": {"tickets": {"rows": 120, "live": 400, "allowed": 25}}}
    with tenant_transaction(connection.organization_id):
        return make_run(connection, "full", result="held", ago=100, verification=verification)
