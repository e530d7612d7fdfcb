"""The store of boards, tickets, notes and time entries."""

from django.apps import AppConfig


class TicketsConfig(AppConfig):
    name = "tickets"
    label = "tickets"
