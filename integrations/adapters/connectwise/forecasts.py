"""What opportunities are worth: ConnectWise keeps revenue in a forecast of each opportunity, apart from the opportunity.

Source: ForecastsApi and Forecast of clients generated from the whole OpenAPI document; public clients that read
``forecastRevenueTotals.revenue`` as an opportunity's total.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TypeAlias

from integrations.adapters.connectwise import client_payloads, payloads
from integrations.adapters.connectwise.client import ConnectWise
from integrations.client_records import amount, summed
from integrations.errors import NotFound, PermissionMissing, ProtocolError, UnsupportedFeature
from integrations.threads import CallPool

AT_ONCE = 4
"""Requests side by side, as many as a run has in flight."""
PAGE = 100
"""Opportunities of a page: each costs a request of its own, and a page is what a kill costs at most."""


Value: TypeAlias = Decimal | ProtocolError | None
"""What a forecast says; None where there is none or it may not be seen; the error of one that could not be understood."""


def values_of(remote: ConnectWise, rows: Sequence[payloads.Row], permission: str) -> dict[int, Value]:
    """{opportunity's id: its forecast revenue}, one request each. A forecast that is odd costs its own opportunity, not the page."""

    def read(row: payloads.Row) -> Value:
        path = f"sales/opportunities/{row.id}/forecast"
        try:
            return revenue(remote.one(path, client_payloads.Forecast, permission=permission))
        except (NotFound, PermissionMissing, UnsupportedFeature):
            return None
        except ProtocolError as err:
            return err
        except ValueError as err:
            return ProtocolError(f"A value is out of range: {err}.")

    if not rows:
        return {}
    with CallPool(max_workers=min(AT_ONCE, len(rows)), thread_name_prefix="forecast") as pool:
        return dict(zip((row.id for row in rows), pool.map(read, rows), strict=True))


def revenue(forecast: client_payloads.Forecast) -> Decimal | None:
    """The forecast's own total, else the sum of the items that count; None where it has neither."""
    totals = forecast.forecast_revenue_totals
    if totals is not None and totals.revenue is not None:
        return amount(totals.revenue)
    return summed(item.revenue for item in forecast.forecast_items or () if item.include_flag is not False)


def valued(value: Value) -> Decimal | None:
    """The value, or its error raised."""
    if isinstance(value, ProtocolError):
        raise value
    return value
