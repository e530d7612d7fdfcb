"""manage.py organization create|list"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from foundation.tenancy.commands import OperatorCommand, json_option
from foundation.tenancy.models import Organization
from foundation.tenancy.selectors import organization_list
from foundation.tenancy.services.organizations import organization_create


class Command(OperatorCommand):
    help = "Makes and lists organizations, the tenants of this installation."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="create|list")
        create = actions.add_parser("create", help="a new organization with the built-in roles")
        create.add_argument("--slug", required=True, help="its short name in addresses and commands, such as acme")
        create.add_argument("--name", required=True)
        create.add_argument("--time-zone", required=True, help="such as Europe/Amsterdam: when its night is")
        json_option(create)
        json_option(actions.add_parser("list", help="all organizations"))

    def run(self, options: dict[str, Any]) -> None:
        if options["action"] == "list":
            found = organization_list()
            self.answer(
                [described(o) for o in found],
                (f"{o.slug:30} {o.name} ({o.time_zone})" for o in found) if found else ["None yet."],
            )
            return
        made = organization_create(slug=options["slug"], name=options["name"], time_zone=options["time_zone"])
        self.answer(described(made), [f"Made the organization {made.name} with the slug {made.slug}."])


def described(organization: Organization) -> dict[str, Any]:
    """What --json says of an organization."""
    return {
        "id": organization.pk,
        "slug": organization.slug,
        "name": organization.name,
        "time_zone": organization.time_zone,
        "created_at": organization.created_at,
    }
