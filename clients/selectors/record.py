"""One asset, agreement, invoice or opportunity, and the lists, that of companies too, as rows for a file."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet, Sum

from clients.models import Agreement, AgreementAddition, Company
from clients.selectors.companies import CompanyFilters, companies_narrowed
from clients.selectors.kinds import Kind
from clients.selectors.records import RecordFilters, order_of, records_narrowed
from foundation.core.keyset import Cursor, ordered
from foundation.ledger.models import SyncedRecord

BATCH = 1000
ADDITIONS = 500
LEFT_OUT = frozenset(
    {
        *("organization", "connection", "content_hash", "fetched_at", "first_synced_at", "synced_at", "removed_at"),
        *("listed_name", "listed_on", "warranty_listed_on"),
    }
)
"""Columns that say how a row is kept, not what it is."""


def record_get(kind: Kind, record_id: int) -> Any:
    """One record, removed ones too. Raises the model's DoesNotExist, for foreign and absent ones alike."""
    return kind.model.with_removed.select_related(*kind.related).get(pk=record_id)


def agreement_additions(agreement: Agreement) -> list[AgreementAddition]:
    """What an agreement adds up to: lines in force first, then by product."""
    rows = AgreementAddition.objects.filter(agreement_id=agreement.pk).select_related("product")
    return list(rows.order_by("-ends_on", "product_name", "pk")[:ADDITIONS])


def additions_total(agreement: Agreement, today: dt.date) -> Decimal | None:
    """What the agreement's additions in force on that day cost together, however many there are; None where no price is known."""
    begun, not_over = Q(starts_on=None) | Q(starts_on__lte=today), Q(ends_on=None) | Q(ends_on__gte=today)
    found: Decimal | None = AgreementAddition.objects.filter(begun, not_over, agreement_id=agreement.pk).aggregate(
        total=Sum("total")
    )["total"]
    return found


def file_columns(kind: Kind) -> list[str]:
    """The columns of a kind's file: its own fields and the raw names of what it refers to; the local id first."""
    return _columns_of(kind.model)


def company_file_columns() -> list[str]:
    """The columns of the file of companies, the local id first."""
    return _columns_of(Company)


def file_rows(
    kind: Kind, wanted: RecordFilters, today: dt.date, cursor: Cursor | None, size: int = BATCH
) -> tuple[list[tuple[Any, ...]], Cursor | None]:
    """The next rows of the list as values in the order of ``file_columns``, and the cursor behind them; no rows at the end."""
    order, descending = order_of(kind, wanted.sort)
    rows = ordered(records_narrowed(kind, wanted, today), order.column, descending=descending, cursor=cursor)
    return _batch(rows, file_columns(kind), order.column, size)


def company_file_rows(
    wanted: CompanyFilters, cursor: Cursor | None, size: int = BATCH
) -> tuple[list[tuple[Any, ...]], Cursor | None]:
    """The next companies of the list, as ``file_rows`` has them."""
    rows = ordered(companies_narrowed(wanted), "name", descending=wanted.sort.startswith("-"), cursor=cursor)
    return _batch(rows, company_file_columns(), "name", size)


def _columns_of(model: type[SyncedRecord]) -> list[str]:
    own = (field for field in model._meta.concrete_fields if field.name not in LEFT_OUT and not field.is_relation)
    return [field.name for field in own]


def _batch(
    rows: QuerySet[Any], columns: list[str], ordered_by: str, size: int
) -> tuple[list[tuple[Any, ...]], Cursor | None]:
    found = list(rows.values_list(*columns, ordered_by)[:size])
    following = Cursor(found[-1][-1], found[-1][0]) if found else None
    return [row[:-1] for row in found], following
