"""manage.py user create|list"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db.models import Q

from foundation.tenancy.commands import OperatorCommand, json_option, organization_option, secret_from_stdin
from foundation.tenancy.models import Membership, Organization, Role
from foundation.tenancy.scope import tenant_transaction
from foundation.tenancy.selectors import member_list
from foundation.tenancy.services.people import person_add

NEXT_STEP = (
    "There is no password yet: the person presses “Forgot your password?” on the log-in page and gets a link by mail. "
    "Where no mail is sent: `manage.py changepassword EMAIL`."
)


class Command(OperatorCommand):
    help = "Gives people a log-in and a role in an organization."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="create|list")
        create = actions.add_parser("create", help="a person with a role; an existing log-in is given a place")
        create.add_argument("--email", required=True)
        create.add_argument("--name", default="")
        create.add_argument("--role", required=True, help="admin, technician, readonly or the name of a role")
        create.add_argument(
            "--password-stdin",
            action="store_true",
            help="read the password from standard input; without it the person sets one by “Forgot your password?”",
        )
        listed = actions.add_parser("list", help="the people of an organization")
        for action in (create, listed):
            organization_option(action)
            json_option(action)

    def run(self, options: dict[str, Any]) -> None:
        with self.in_organization(options["organization"]) as organization_id, tenant_transaction(organization_id):
            if options["action"] == "list":
                found = list(member_list())
                self.answer([described(m) for m in found], (f"{m.user.email:40} {m.role.name}" for m in found))
                return
            made = self._create(organization_id, options)
        lines = [f"{made.user.email} is {made.role.name} in {options['organization']}."]
        if not made.user.has_usable_password():
            lines.append(NEXT_STEP)
        self.answer(described(made), lines)

    def _create(self, organization_id: int, options: dict[str, Any]) -> Membership:
        role = Role.objects.filter(Q(builtin=options["role"]) | Q(name=options["role"])).order_by("-builtin").first()
        if role is None:
            known = ", ".join(r.builtin or r.name for r in Role.objects.order_by("id"))
            raise CommandError(f"There is no role “{options['role']}”. Roles here: {known}.")
        return person_add(
            organization=Organization.objects.get(pk=organization_id),
            email=options["email"],
            name=options["name"],
            role=role,
            password=secret_from_stdin() if options["password_stdin"] else None,
        )


def described(membership: Membership) -> dict[str, Any]:
    """What --json says of a person's place."""
    return {
        "id": membership.user_id,
        "email": membership.user.email,
        "name": membership.user.name,
        "role": membership.role.builtin or membership.role.name,
        "can_log_in": membership.user.has_usable_password(),
    }
