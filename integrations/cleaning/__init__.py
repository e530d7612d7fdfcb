"""One cleaning of records for all adapters, wherever an adapter comes from.

What a store, an index, a page and a time zone can bear is decided here, by the types of a record's fields: a value that is out of bounds
is left out and named, a record whose id cannot be one is refused. Nearly all records are clean, so that they are looked over quickly, all
texts at once, and taken apart only when something is found.
"""

from integrations.cleaning.checks import DEEPEST_JSON, LONGEST_ID, MOST_ITEMS
from integrations.cleaning.shape import cleaned

__all__ = ["DEEPEST_JSON", "LONGEST_ID", "MOST_ITEMS", "cleaned"]
