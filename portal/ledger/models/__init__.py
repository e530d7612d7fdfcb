"""The journal, pending changes, and what every synced row has."""

from portal.ledger.models.journal import JournalEntry
from portal.ledger.models.pending import PendingChange
from portal.ledger.models.synced import Named, SyncedRecord

__all__ = ["JournalEntry", "Named", "PendingChange", "SyncedRecord"]
