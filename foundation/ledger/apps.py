"""What changed, and what has yet to be sent."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "foundation.ledger"
    label = "ledger"
