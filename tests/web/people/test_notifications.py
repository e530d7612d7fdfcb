"""Everybody chooses their own mails."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from foundation.tenancy.models import Organization, User
from foundation.tenancy.scope import tenant_transaction
from sync.models import MailChoice

PAGE = "/settings/notifications/"


def test_a_choice_is_kept_and_is_ones_own(
    client_for: Callable[[User], Client], admin: User, technician: User, organization: Organization
) -> None:
    client = client_for(admin)
    assert client.get(PAGE).status_code == 200
    assert client.post(PAGE, {"digest": "on"}).status_code == 302
    with tenant_transaction(organization.pk):
        (choice,) = MailChoice.objects.all()
    assert (choice.user_id, choice.failures, choice.digest) == (admin.pk, False, True)
    assert choice.digest_next_at is not None
    assert b"The next digest is due" in client.get(PAGE).content


@pytest.mark.parametrize(("role", "shown"), [("technician", (False, True)), ("readonly", (False, False))])
def test_a_role_is_offered_what_concerns_it(
    client_for: Callable[[User], Client], request: pytest.FixtureRequest, role: str, shown: tuple[bool, bool]
) -> None:
    page = client_for(request.getfixturevalue(role)).get(PAGE).content.decode()
    assert ('name="failures"' in page, 'name="digest"' in page) == shown


def test_nobody_sees_it_without_logging_in(client: Client, database: None) -> None:
    assert client.get(PAGE).status_code == 302
