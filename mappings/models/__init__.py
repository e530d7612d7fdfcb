"""The organization's own words, what is mapped to them, and how that came about."""

from mappings.models.mapping import Mapping, MappingAct, MappingChange
from mappings.models.targets import Client, PortalValue

__all__ = ["Client", "Mapping", "MappingAct", "MappingChange", "PortalValue"]
