"""What pages, commands and syncs read about mappings."""

from mappings.selectors.counts import in_use, unmapped

__all__ = ["in_use", "unmapped"]
