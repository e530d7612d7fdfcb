"""Tickets and the reference data that they point to."""

from tickets.models.reference import Board, Member, Priority, Status, Team, TicketItem, TicketSubtype, TicketType
from tickets.models.ticket import Note, Ticket, TimeEntry

__all__ = [
    "Board",
    "Member",
    "Note",
    "Priority",
    "Status",
    "Team",
    "Ticket",
    "TicketItem",
    "TicketSubtype",
    "TicketType",
    "TimeEntry",
]
