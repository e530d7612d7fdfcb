"""What opportunities are worth: ConnectWise keeps revenue in a forecast of each opportunity, apart from the opportunity.

Source: ForecastsApi and Forecast of clients generated from the whole OpenAPI document; public clients that read
``forecastRevenueTotals.revenue`` as an opportunity's total.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from integrations.adapters.connectwise import client_payloads, payloads
from integrations.adapters.connectwise.client import ConnectWise
from integrations.client_records import amount, summed
from integrations.errors import NotFound, PermissionMissing, ProtocolError, UnsupportedFeature
from integrations.port import Remark
from integrations.threads import CallPool

AT_ONCE = 4
"""Requests side by side, as many as a run has in flight."""
PAGE = 100
"""Opportunities of a page: each costs a request of its own, and a page is what a kill costs at most."""


def values_of(
    remote: ConnectWise, rows: Sequence[payloads.Row], permission: str
) -> tuple[dict[int, Decimal], list[Remark]]:
    """({opportunity's id: its forecast revenue}, what was odd), one request each. A forecast that is odd costs its opportunity that value,
    and nothing else."""

    def read(row: payloads.Row) -> Decimal | Remark | None:
        path = f"sales/opportunities/{row.id}/forecast"
        try:
            return revenue(remote.one(path, client_payloads.Forecast, permission=permission))
        except (NotFound, PermissionMissing, UnsupportedFeature):
            return None
        except ProtocolError as err:
            message = f"Its forecast could not be understood, and its value was left out: {err.message}"
            return Remark(remote_id=str(row.id), field="forecast", message=message, sample=err.sample)

    if not rows:
        return {}, []
    with CallPool(max_workers=min(AT_ONCE, len(rows)), thread_name_prefix="forecast") as pool:
        found = list(zip((row.id for row in rows), pool.map(read, rows), strict=True))
    values = {number: value for number, value in found if isinstance(value, Decimal)}
    return values, [value for _, value in found if isinstance(value, Remark)]


def revenue(forecast: client_payloads.Forecast) -> Decimal | None:
    """The forecast's own total, else the sum of the items that count; None where it has neither."""
    totals = forecast.forecast_revenue_totals
    if totals is not None and totals.revenue is not None:
        return amount(totals.revenue)
    return summed(item.revenue for item in forecast.forecast_items or () if item.include_flag is not False)
