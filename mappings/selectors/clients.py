"""The same client in several PSAs."""

from __future__ import annotations

from dataclasses import dataclass

from clients.models import Company
from mappings.models import Mapping

SHOWN = 20


@dataclass(frozen=True, slots=True)
class SameClient:
    """The client that a company is here. ``others``: (id, name, connection's name) of its companies besides."""

    name: str
    others: list[tuple[int, str, str]]


def client_of(company: Company) -> SameClient | None:
    """The client that a company is mapped to; None for none. Two queries."""
    rows = Mapping.objects.filter(kind="company", client__isnull=False)
    own = rows.filter(record_id=company.pk).select_related("client").first()
    if own is None or own.client_id is None:
        return None
    same = rows.filter(client_id=own.client_id).exclude(record_id=company.pk).values("record_id")
    found = Company.objects.filter(pk__in=same).order_by("name", "pk").values_list("pk", "name", "connection__name")
    return SameClient(str(own.client), list(found[:SHOWN]))
