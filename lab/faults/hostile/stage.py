"""Where the kinds are tried: a small PSA, an organization with a synced copy of it, and a person who looks at its pages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.test import Client
from django.urls import reverse

from foundation.tenancy.models import Organization, Role, User
from foundation.tenancy.scope import tenant_transaction
from foundation.tenancy.services.organizations import membership_create, organization_create
from integrations.models import Connection
from integrations.services.connections import connection_create
from lab.faults.hostile.copies import Copy, copy_of
from lab.faults.hostile.course import run_through
from lab.faults.hostile.kinds import Kind
from lab.faults.hostile.spots import SPOTS, Spots
from lab.faults.psa import Psa
from sync.models import Run, RunIssue, RunLog
from tickets.models import Note, Ticket

TICKETS = 40
SETTINGS = {
    "date_range_days": None,
    "streams": ["companies", "contacts", "sites", "tickets", "notes", "time_entries"],
    "notes_rotation": 1000,
    "hold_percent": 5,
    "hold_least": 5,
}
INSIDE = re.compile(r"Traceback \(most recent|File \"/|\bobject at 0x[0-9a-f]+|line \d+, in \w+")
"""What nobody outside of the code should be shown."""


class NotReady(Exception):
    """The PSA could not be synced while it was well."""


@dataclass(slots=True)
class Stage:
    """``truth``: the copy here of the PSA as it is; ``target``: the ticket that is struck, which has notes."""

    psa: Psa
    organization: Organization
    connection: Connection
    person: Client
    truth: Copy
    target: int

    @property
    def spots(self) -> Spots:
        return SPOTS[self.psa.system]

    def copy(self, connection: Connection | None = None) -> Copy:
        place = connection or self.connection
        return copy_of(place.organization_id, place.pk)

    def spoil(self, kind: Kind, *, everywhere: bool = False) -> None:
        """Makes the PSA odd; ``everywhere``: in all of its answers, and for any record."""
        rules = kind.rules(self.spots, self.target)
        if everywhere:
            rules = [_everywhere(rule) for rule in rules]
        self.psa.fault(*rules)
        self.psa.control("limit", page=kind.cap)
        self.psa.control("clock", skew_seconds=kind.clock, each_page=kind.each_page)

    def faults_shown(self, run: Run) -> list[str]:
        """What pages and messages show of a run that nobody should see."""
        if run.result in {"success", "no_change"}:
            return []  # Nothing is said of the oddity then.
        addresses = [reverse("web:run", args=[run.pk]), reverse("web:issues")]
        texts = {address: self.person.get(address) for address in addresses}
        found = [f"{address} answers {page.status_code}" for address, page in texts.items() if page.status_code >= 500]
        found += [
            f"{address} shows a traceback" for address, page in texts.items() if INSIDE.search(page.content.decode())
        ]
        return found + [f"a message shows {text[:80]}" for text in self.said(run) if INSIDE.search(text)]

    def said(self, run: Run) -> list[str]:
        """All that the run says to people."""
        with tenant_transaction(run.organization_id):
            issues = RunIssue.objects.filter(run_id=run.pk).values_list("message", flat=True)
            lines = RunLog.objects.filter(run_id=run.pk).values_list("message", flat=True)
            return [run.message, run.wait_reason, *issues, *lines]

    def ticket(self) -> Ticket:
        with tenant_transaction(self.organization.pk):
            found: Ticket = Ticket.objects.get(connection=self.connection, remote_id=str(self.target))
        return found


def _everywhere(rule: dict[str, Any]) -> dict[str, Any]:
    odd = rule.get("odd")
    return rule | {"match": {}} | ({"odd": odd | {"ids": None}} if odd else {})


def set_up(psa: Psa, *, slug: str = "hostile") -> Stage:
    """A stage with a whole copy. Raises NotReady."""
    organization, connection = connected(psa, slug)
    for _ in range(2):
        # The second one reads the notes that a first sync leaves for later.
        run = run_through(connection, "full").run
        if run.result not in {"success", "no_change"}:
            raise NotReady(f"a sync of the {psa.system} sandbox ended as {run.result}: {run.message}")
    with tenant_transaction(organization.pk):
        target = Note.objects.filter(connection=connection).order_by("ticket_remote_id").first()
        person = User.objects.create_user(f"somebody@{slug}.invalid")
        membership_create(organization=organization, user=person, role=Role.objects.get(builtin="admin"))
    browser = Client(raise_request_exception=False)
    browser.force_login(person, settings.AUTHENTICATION_BACKENDS[0])
    if target is None:
        raise NotReady(f"no ticket of the {psa.system} sandbox has notes")
    truth = copy_of(organization.pk, connection.pk)
    return Stage(psa, organization, connection, browser, truth, int(target.ticket_remote_id))


def connected(psa: Psa, slug: str) -> tuple[Organization, Connection]:
    """An organization of its own with a connection to the PSA that was never synced."""
    organization = organization_create(slug=slug, name=slug.title(), time_zone="America/New_York")
    with tenant_transaction(organization.pk):
        connection = connection_create(
            organization_id=organization.pk,
            provider=psa.system,
            name="Main",
            credentials=psa.credentials,
            settings=SETTINGS,
        )
    return organization, connection
