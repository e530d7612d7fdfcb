"""The organization's own words."""

from __future__ import annotations

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from mappings.models import Mapping, PortalValue


def portal_values(kind: str) -> QuerySet[PortalValue]:
    """The values of a kind in the order of lists, with ``used``: how many values of PSAs are mapped to each."""
    used = Mapping.objects.filter(value_id=OuterRef("pk")).order_by().values("value_id").annotate(n=Count("pk"))
    rows: QuerySet[PortalValue] = PortalValue.objects.filter(kind=kind).order_by("position", "pk")
    return rows.annotate(used=Coalesce(Subquery(used.values("n")), 0))
