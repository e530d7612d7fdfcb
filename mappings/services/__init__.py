"""What changes mappings."""

from mappings.services.automatic import map_automatically
from mappings.services.changing import Wanted, connection_forgotten, mapping_revert, mappings_set, suggestions_accept

__all__ = [
    "Wanted",
    "connection_forgotten",
    "map_automatically",
    "mapping_revert",
    "mappings_set",
    "suggestions_accept",
]
