"""manage.py demo seed|wait: the demo's organizations, people and connections. bin/demo runs it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from foundation.tenancy.commands import OperatorCommand
from foundation.tenancy.models import Membership, Organization, Role, User
from foundation.tenancy.scope import tenant, tenant_transaction
from foundation.tenancy.selectors import organization_by_slug
from foundation.tenancy.services.organizations import organization_create
from foundation.tenancy.services.people import last_organization_set, person_add
from integrations import registry
from integrations.models import Connection
from integrations.services.connections import (
    connection_create,
    connection_credentials_set,
    connection_test,
)
from integrations.services.opening import credentials_of
from integrations.services.probing import connection_catalog_read
from sync.models import Run, RunStream
from sync.services.runs import is_first, run_request
from sync.services.schedules import schedule_of

SLUG = "northwind"
NAMES = {"admin": "Alex Morgan", "technician": "Sam Rivera", "readonly": "Kim Novak"}
OTHERS = (
    ("contoso", "Contoso Managed IT", "America/Chicago", ("halo",)),
    ("fabrikam", "Fabrikam Services", "Europe/London", ("autotask",)),
    ("wingtip", "Wingtip Group", "Australia/Sydney", ("connectwise", "halo")),
)
"""Further organizations: slug, name, time zone, systems."""
LONGEST_SECONDS = 1800
LOOK_SECONDS = 0.5
SAY_SECONDS = 3


class Command(OperatorCommand):
    help = "Makes the demo's organizations with people and connections to the sandboxes, and starts their first syncs."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="seed|wait")
        seed = actions.add_parser(
            "seed", help="make what is missing; start the first sync, and print a line only if it did"
        )
        seed.add_argument(
            "--passwords", type=Path, required=True, help='JSON: {"admin": …, "technician": …, "readonly": …}'
        )
        seed.add_argument(
            "--sandboxes",
            type=Path,
            required=True,
            help="directory with demo-SYSTEM.json of each sandbox: its address and credentials",
        )
        seed.add_argument("--others", action="store_true", help="the organizations beside Northwind MSP")
        actions.add_parser("wait", help="show the first sync's progress until it is done")

    def run(self, options: dict[str, Any]) -> None:
        if options["action"] == "wait":
            with self.in_organization(SLUG) as organization_id:
                self._wait(organization_id)
            return
        if options["others"]:
            others_made(options["sandboxes"])
            return
        organization_id = organization_made(SLUG, "Northwind MSP", "Europe/Amsterdam")
        with tenant(organization_id):
            people_made(organization_id, json.loads(options["passwords"].read_text()))
            connection = connection_made(organization_id, "connectwise", options["sandboxes"])
            if first_sync_started(connection):
                self.stdout.write("first sync: asked for")

    def _wait(self, organization_id: int) -> None:
        said, said_at = "", 0.0
        deadline = time.monotonic() + LONGEST_SECONDS
        while (run := first_run(organization_id)) is not None:
            line = progress(run)
            if line != said and time.monotonic() - said_at > SAY_SECONDS:
                self.stdout.write(line)
                said, said_at = line, time.monotonic()
            if not run.is_open:
                break
            if time.monotonic() > deadline:
                raise CommandError(f"The first sync is still {run.get_phase_display().lower()}.")
            time.sleep(LOOK_SECONDS)
        if run is not None and run.result not in {Run.Result.SUCCESS, Run.Result.WARNING, Run.Result.NO_CHANGE}:
            raise CommandError(f"The first sync ended with {run.get_result_display()}: {run.message}")


def others_made(sandboxes: Path) -> None:
    """The organizations beside the first one, each with the admin in it, connected and asked to sync."""
    email = f"admin@{SLUG}.example"
    first = organization_by_slug(SLUG)
    if first is None:
        raise CommandError("Northwind MSP comes first: run `demo seed` without --others.")
    for slug, name, zone, systems in OTHERS:
        organization_id = organization_made(slug, name, zone)
        with tenant(organization_id):
            with tenant_transaction():
                admin = User.objects.get(email=email)
                if admin.last_organization_id is None:  # or the first by name would open
                    last_organization_set(user=admin, organization_id=first.id)
                if not Membership.objects.filter(user=admin).exists():
                    organization = Organization.objects.get(pk=organization_id)
                    person_add(organization=organization, email=email, role=Role.objects.get(builtin="admin"))
            for system in systems:
                if not known(organization_id, system):
                    first_sync_started(connection_made(organization_id, system, sandboxes))


def organization_made(slug: str, name: str, zone: str) -> int:
    """The organization's id."""
    found = organization_by_slug(slug)
    if found:
        return found.id
    return organization_create(slug=slug, name=name, time_zone=zone).pk


def people_made(organization_id: int, passwords: dict[str, str]) -> None:
    """One person a built-in role; log-ins that exist keep their passwords."""
    with tenant_transaction(organization_id):
        organization = Organization.objects.get(pk=organization_id)
        for role, name in NAMES.items():
            email = f"{role}@{SLUG}.example"
            if User.objects.filter(email=email).exists():
                continue
            person_add(
                organization=organization,
                email=email,
                name=name,
                role=Role.objects.get(builtin=role),
                password=passwords[role],
            )


def known(organization_id: int, system: str) -> bool:
    """Whether an earlier start connected the organization with the system, and synced it."""
    with tenant_transaction(organization_id):
        connection = Connection.objects.filter(provider=system).order_by("id").first()
        return connection is not None and not is_first(connection)


def connection_made(organization_id: int, system: str, sandboxes: Path) -> Connection:
    """The tested connection to the sandbox. Raises CommandError when the sandbox does not let us in."""
    provider = registry.provider(system)
    sandbox = json.loads((sandboxes / f"demo-{system}.json").read_text())
    wanted = {field.name: sandbox[field.name] for field in provider.credential_fields if field.name in sandbox}
    credentials = provider.clean_credentials(wanted)
    with tenant_transaction(organization_id):
        connection = Connection.objects.filter(provider=system).order_by("id").first()
    if connection is None:
        connection = connection_create(
            organization_id=organization_id,
            provider=system,
            name=f"{provider.name.removesuffix(' PSA')} sandbox",
            credentials=credentials,
        )
    elif credentials_of(connection) != credentials:
        connection_credentials_set(connection=connection, credentials=credentials)
    report = connection_test(connection=connection)
    if not report.ok:
        raise CommandError(" ".join(check.message for check in report.checks if not check.ok))
    connection_catalog_read(connection=connection)
    with tenant_transaction(organization_id):
        schedule_of(connection)
        return Connection.objects.get(pk=connection.pk)


def first_sync_started(connection: Connection) -> bool:
    """Asks for the first sync, unless it was done before (False); an open one is joined."""
    with tenant_transaction(connection.organization_id):
        needed = is_first(connection)
        if needed:
            run_request(connection=connection, kind=Run.Kind.FULL, trigger=Run.Trigger.FIRST)
    return needed


def first_run(organization_id: int) -> Run | None:
    """The run that fills the demo; None when it was done in an earlier start."""
    with tenant_transaction(organization_id):
        run = Run.objects.filter(kind=Run.Kind.FULL).order_by("-id").first()
        return run if run and (run.is_open or is_first(run.connection)) else None


def progress(run: Run) -> str:
    """Where the run is, in a line."""
    with tenant_transaction(run.organization_id):
        stream = RunStream.objects.filter(run=run, state=RunStream.State.FETCHING).order_by("-position").first()
    if stream is None:
        return f"first sync: {run.get_phase_display().lower()}"
    expected = f" of {stream.expected:,}" if stream.expected else ""
    return f"first sync: {stream.name.replace('_', ' ')} {stream.fetched:,}{expected}"
