"""Tickets, their notes and the time worked on them."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from foundation.ledger.models import SyncedRecord


def link(target: str, *, related_name: str = "+") -> Any:
    """A reference that is linked when its target is here; the remote id and the raw name stand beside it."""
    return models.ForeignKey(
        target, null=True, on_delete=models.SET_NULL, related_name=related_name, db_constraint=False, db_index=False
    )


def remote_id() -> Any:
    return models.CharField(max_length=64, null=True)


LIVE = Q(removed_at=None)
OPEN = Q(is_closed=False)
HAS_PARENT = Q(parent_ticket_remote_id__isnull=False)
IS_MERGED = Q(merged_into_remote_id__isnull=False)
FILTERED = ("board", "status", "priority", "owner", "company")


def _by(column: str, *before: str) -> tuple[Any, ...]:
    return F("organization"), *map(F, before), F(column).desc(), F("id").desc()


class Ticket(SyncedRecord):
    """A service ticket as the PSA has it. ``number`` is the PSA's own id where that is a number.

    ``description`` and ``resolution`` are None where the PSA has none, or keeps them as notes; ``body_format``: plain, html or
    markdown, of both. ``required_on``: a calendar day of the PSA's, in no zone.

    ``latest_at`` and ``opened_at``: what lists are sorted by, the PSA's stamps or, where it has none, when the ticket
    first arrived; never empty, so that a page can begin after any row.
    """

    number = models.BigIntegerField(null=True)
    summary = models.TextField()
    description = models.TextField(null=True)
    resolution = models.TextField(null=True)
    body_format = models.TextField(default="plain")
    record_type = models.TextField(blank=True)
    board = link("tickets.Board")
    board_remote_id = remote_id()
    board_name = models.TextField(blank=True)
    status = link("tickets.Status")
    status_remote_id = remote_id()
    status_name = models.TextField(blank=True)
    priority = link("tickets.Priority")
    priority_remote_id = remote_id()
    priority_name = models.TextField(blank=True)
    type = link("tickets.TicketType")
    type_remote_id = remote_id()
    type_name = models.TextField(blank=True)
    subtype = link("tickets.TicketSubtype")
    subtype_remote_id = remote_id()
    subtype_name = models.TextField(blank=True)
    item = link("tickets.TicketItem")
    item_remote_id = remote_id()
    item_name = models.TextField(blank=True)
    team = link("tickets.Team")
    team_remote_id = remote_id()
    team_name = models.TextField(blank=True)
    owner = link("tickets.Member")
    owner_remote_id = remote_id()
    owner_name = models.TextField(blank=True)
    resources = models.TextField(blank=True)
    company = link("clients.Company", related_name="tickets")
    company_remote_id = remote_id()
    company_name = models.TextField(blank=True)
    site = link("clients.Site")
    site_remote_id = remote_id()
    site_name = models.TextField(blank=True)
    contact = link("clients.Contact")
    contact_remote_id = remote_id()
    contact_name = models.TextField(blank=True)
    contact_email = models.TextField(blank=True)
    contact_phone = models.TextField(blank=True)
    source = models.TextField(blank=True)
    sla = models.TextField(blank=True)
    severity = models.TextField(blank=True)
    impact = models.TextField(blank=True)
    is_closed = models.BooleanField(default=False)
    is_in_sla = models.BooleanField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.TextField(blank=True)
    required_at = models.DateTimeField(null=True)
    required_on = models.DateField(null=True)
    remote_created_at = models.DateTimeField(null=True)
    entered_by = models.TextField(blank=True)
    updated_by = models.TextField(blank=True)
    budget_hours = models.FloatField(null=True)
    actual_hours = models.FloatField(null=True)
    parent_ticket_remote_id = remote_id()
    merged_into_remote_id = remote_id()
    agreement = models.TextField(blank=True)
    external_reference = models.TextField(blank=True)
    custom_fields = models.JSONField(default=dict)

    latest_at = models.GeneratedField(
        expression=Coalesce("remote_updated_at", "first_synced_at"),
        output_field=models.DateTimeField(),
        db_persist=True,
    )
    opened_at = models.GeneratedField(
        expression=Coalesce("remote_created_at", "first_synced_at"),
        output_field=models.DateTimeField(),
        db_persist=True,
    )

    class Meta(SyncedRecord.Meta):
        # Each merge of a changed row writes every index once more, so there are few, and each serves many pages.
        # The four list indexes begin with the order of a list and go on with what it is filtered by: PostgreSQL tests
        # the later columns inside the index, so any combination of filters is answered without a visit to the rows.
        indexes = [
            models.Index(*_by("latest_at"), "is_closed", *FILTERED, "opened_at", name="ticket_latest", condition=LIVE),
            models.Index(*_by("opened_at"), "is_closed", *FILTERED, "latest_at", name="ticket_opened", condition=LIVE),
            # Open tickets are a few in a hundred, and what people look at: two small indexes for them alone.
            models.Index(*_by("latest_at"), *FILTERED, "opened_at", name="ticket_open_latest", condition=LIVE & OPEN),
            models.Index(*_by("opened_at"), *FILTERED, "latest_at", name="ticket_open_opened", condition=LIVE & OPEN),
            # One company of thousands is too rare for a walk through the list. Of all tickets, not of those that are live alone: when a
            # company is removed the database looks for its tickets, and would read the whole table for each of them.
            models.Index(*_by("latest_at", "company"), name="ticket_company_latest", include=["removed_at"]),
            # One technician of a hundred, and a status of open tickets among all, are rare too.
            models.Index(*_by("latest_at", "owner"), name="ticket_owner_latest", condition=LIVE),
            models.Index(*_by("latest_at", "status"), name="ticket_status_latest", condition=LIVE),
            models.Index("organization", "number", name="ticket_number", condition=LIVE),
            # Few tickets hang below another, so these two are next to nothing.
            models.Index("connection", "parent_ticket_remote_id", name="ticket_parent", condition=HAS_PARENT),
            models.Index("connection", "merged_into_remote_id", name="ticket_merged", condition=IS_MERGED),
        ]

    def __str__(self) -> str:
        return f"#{self.remote_id} {self.summary}"


class OnTicket(SyncedRecord):
    """Something that belongs to a ticket; linked when the ticket arrives."""

    ticket = models.ForeignKey(
        Ticket, null=True, on_delete=models.CASCADE, related_name="%(class)s_set", db_constraint=False
    )
    ticket_remote_id = models.CharField(max_length=64)
    member = link("tickets.Member")
    member_remote_id = remote_id()
    remote_created_at = models.DateTimeField(null=True)

    class Meta(SyncedRecord.Meta):
        abstract = True
        indexes = [models.Index(fields=["connection", "ticket_remote_id"], name="%(class)s_of_ticket")]


class Note(OnTicket):
    """``kind``: description (what the ticket was opened with), discussion (the customer reads it), internal or resolution."""

    text = models.TextField(blank=True)
    body_format = models.TextField(default="plain")
    kind = models.TextField(default="discussion")
    is_internal = models.BooleanField(default=False)
    author = models.TextField(blank=True)
    contact_remote_id = remote_id()


class TimeEntry(OnTicket):
    member_name = models.TextField(blank=True)
    worked_on = models.DateField(null=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    hours = models.FloatField(null=True)
    billable = models.TextField(blank=True)
    work_type = models.TextField(blank=True)
    work_role = models.TextField(blank=True)
    notes = models.TextField(blank=True)
    internal_notes = models.TextField(blank=True)
    body_format = models.TextField(default="plain")
