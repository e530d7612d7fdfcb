"""Boards and the values that tickets are sorted by. Statuses and categories belong to one board."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from foundation.ledger.models import Named, SyncedRecord


class Board(Named):
    is_project = models.BooleanField(default=False)
    location = models.TextField(blank=True)
    department = models.TextField(blank=True)


class OnBoard(Named):
    """Something that exists once per board."""

    board = models.ForeignKey(
        Board, null=True, on_delete=models.CASCADE, related_name="%(class)s_set", db_constraint=False
    )
    board_remote_id = models.CharField(max_length=64)

    class Meta(Named.Meta):
        abstract = True


class Status(OnBoard):
    is_closed = models.BooleanField(default=False)
    is_default = models.BooleanField(default=False)
    sort_order = models.IntegerField(default=0)


class Priority(Named):
    color = models.TextField(blank=True)
    level = models.TextField(blank=True)
    sort_order = models.IntegerField(default=0)


class TicketType(OnBoard):
    parent_ids = ArrayField(models.TextField(), default=list)


class TicketSubtype(OnBoard):
    parent_ids = ArrayField(models.TextField(), default=list)


class TicketItem(OnBoard):
    parent_ids = ArrayField(models.TextField(), default=list)


class Team(OnBoard):
    member_ids = ArrayField(models.TextField(), default=list)


class Member(SyncedRecord):
    """A technician: somebody who works in the PSA."""

    identifier = models.TextField()
    name = models.TextField()
    email = models.TextField(blank=True)
    title = models.TextField(blank=True)
    time_zone = models.TextField(blank=True)
    is_active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name or self.identifier
