"""What changes mappings."""

from mappings.services.automatic import map_automatically
from mappings.services.changing import (
    MappingChange,
    connection_forgotten,
    mapping_revert,
    mappings_set,
    suggestions_accept,
)

__all__ = [
    "MappingChange",
    "connection_forgotten",
    "map_automatically",
    "mapping_revert",
    "mappings_set",
    "suggestions_accept",
]
