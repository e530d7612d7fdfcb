"""Proves that row security covers: what the database has, what the migrations declare, and every difference in a sentence."""

from portal.tenancy.coverage.catalog import Found, read_catalog
from portal.tenancy.coverage.declared import Declared, read_declared
from portal.tenancy.coverage.gaps import find_gaps

__all__ = ["Declared", "Found", "find_gaps", "read_catalog", "read_declared"]
