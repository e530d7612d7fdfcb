"""The lines of an invoice as its page shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One line; amounts are None where the PSA tells none."""

    description: str
    quantity: Decimal | None
    unit_price: Decimal | None
    total: Decimal | None

    @property
    def is_counted(self) -> bool:
        """Whether it says how many at what price, and not a sum alone."""
        return self.quantity is not None or self.unit_price is not None


def invoice_lines(stored: Iterable[Mapping[str, Any]]) -> list[InvoiceLine]:
    """The stored lines, whose amounts are text: JSON has no exact numbers."""
    return [
        InvoiceLine(
            str(line.get("description") or ""),
            *(_exact(line.get(name)) for name in ("quantity", "unit_price", "total")),
        )
        for line in stored
    ]


def _exact(text: Any) -> Decimal | None:
    try:
        return None if text is None else Decimal(str(text))
    except InvalidOperation:
        return None
