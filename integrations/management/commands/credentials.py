"""manage.py credentials reencrypt"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from foundation.tenancy.commands import OperatorCommand, json_option, organization_option
from foundation.tenancy.scope import tenant
from foundation.tenancy.selectors import organization_list
from integrations.services.rotation import credentials_reencrypt


class Command(OperatorCommand):
    help = "Looks after stored credentials. After a new key was put first in CREDENTIAL_KEYS: reencrypt, then drop the old key."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="reencrypt")
        move = actions.add_parser(
            "reencrypt", help="encrypt all stored credentials with the first key in CREDENTIAL_KEYS"
        )
        organization_option(move, required=False)
        json_option(move)

    def run(self, options: dict[str, Any]) -> int:
        wanted = options["organization"]
        if wanted:
            with self.in_organization(wanted) as organization_id:
                slugs = {organization_id: wanted}
        else:
            slugs = {organization.pk: organization.slug for organization in organization_list()}
        report = [self._moved(organization_id, slug) for organization_id, slug in slugs.items()]
        self.answer(report, (line_of(entry) for entry in report))
        return 1 if any(entry["unreadable"] for entry in report) else 0

    @staticmethod
    def _moved(organization_id: int, slug: str) -> dict[str, Any]:
        with tenant(organization_id):
            found = credentials_reencrypt(organization_id=organization_id)
        return {
            "organization": slug,
            "moved": found.moved,
            "current": found.current,
            "unreadable": list(found.unreadable),
        }


def line_of(entry: dict[str, Any]) -> str:
    """One organization's outcome in words."""
    line = f"{entry['organization']}: {entry['moved']} re-encrypted, {entry['current']} already on the newest key."
    lost = entry["unreadable"]
    return f"{line} No key opens: {', '.join(lost)}. Enter their credentials again." if lost else line
