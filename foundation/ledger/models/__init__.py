"""The journal, pending changes, and what every synced row has."""

from foundation.ledger.models.journal import JournalEntry
from foundation.ledger.models.pending import PendingChange
from foundation.ledger.models.synced import Named, SyncedRecord

__all__ = ["JournalEntry", "Named", "PendingChange", "SyncedRecord"]
