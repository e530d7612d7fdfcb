"""The base of the operators' commands that work on one connection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import CommandError

from foundation.tenancy.commands import OperatorCommand
from foundation.tenancy.scope import tenant, tenant_transaction
from foundation.tenancy.selectors import organization_list
from integrations.models import Connection
from integrations.selectors import connection_home, connection_whole


class ConnectionCommand(OperatorCommand):
    """``options`` have ``connection``, an id, and ``organization``, a slug or None for all."""

    @contextmanager
    def in_connection(self, options: dict[str, Any]) -> Iterator[tuple[Connection, str]]:
        """The connection in the scope of its organization, and that organization's slug. Raises CommandError when there is none."""
        home = connection_home(options["connection"])
        slugs = dict(self.organizations(options["organization"])) if home is not None else {}
        if home is None or home not in slugs:
            where = f" in {options['organization']}" if options["organization"] else ""
            raise CommandError(
                f"There is no connection {options['connection']}{where}. `manage.py connection list` shows them."
            )
        with tenant(home):
            with tenant_transaction():
                connection = connection_whole(options["connection"])
            yield connection, slugs[home]

    def organizations(self, slug: str | None) -> list[tuple[int, str]]:
        """(id, slug) of one organization, or of all."""
        if slug is None:
            return [(organization.pk, organization.slug) for organization in organization_list()]
        with self.in_organization(slug) as organization_id:
            return [(organization_id, slug)]
