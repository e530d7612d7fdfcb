"""Proves that row security covers: what the database has, what the migrations declare, and every difference in a sentence."""

from foundation.tenancy.coverage.catalog import CatalogState, read_catalog
from foundation.tenancy.coverage.declared import Declared, read_declared
from foundation.tenancy.coverage.gaps import find_gaps

__all__ = ["CatalogState", "Declared", "find_gaps", "read_catalog", "read_declared"]
