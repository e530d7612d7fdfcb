"""What opportunities are worth: ConnectWise keeps revenue in a forecast of each opportunity, apart from the opportunity.

Source: ForecastsApi and Forecast of clients generated from the whole OpenAPI document; public clients that read
``forecastRevenueTotals.revenue`` as an opportunity's total.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TypeGuard

import msgspec

from integrations.adapters.connectwise import client_payloads, payloads
from integrations.adapters.connectwise.client import ConnectWise
from integrations.client_records import amount, summed
from integrations.errors import IntegrationError, NotFound, PermissionMissing, ProtocolError, UnsupportedFeature
from integrations.noticing import notice, noticing
from integrations.port import Remark
from integrations.threads import CallPool
from integrations.untold import untold_remark, why_of

AT_ONCE = 4
"""Requests side by side, as many as a run has in flight."""
PAGE = 100
"""Opportunities of a page: each costs a request of its own, and a page is what a kill costs at most."""


class Values(msgspec.Struct, frozen=True, kw_only=True):
    """``values``: revenue by opportunity. ``untold``: opportunities whose forecast was refused, odd or not there, so that their value is not known."""

    values: dict[int, Decimal]
    untold: frozenset[int]
    remarks: list[Remark]


def values_of(remote: ConnectWise, rows: Sequence[payloads.Row], permission: str) -> Values:
    """What opportunities are worth, one request each. A forecast that is odd leaves its opportunity's value as it is here, and costs
    nothing else. Where ConnectWise asks for a pause, those that it answered about are not asked for again."""
    answered = remote.answered

    def read(row: payloads.Row) -> Decimal | Remark | IntegrationError | None:
        if row.id not in answered:
            answered[row.id] = ask(row)
        return answered[row.id]

    def ask(row: payloads.Row) -> Decimal | Remark | IntegrationError | None:
        path = f"sales/opportunities/{row.id}/forecast"
        try:
            with noticing() as odd:
                found = remote.one(path, client_payloads.Forecast, permission=permission)
            notice(
                msgspec.structs.replace(remark, remote_id=str(row.id), field=f"forecast.{remark.field}")
                for remark in odd.remarks
            )
            return revenue(found) if is_told(found) else NotFound("The forecast says nothing.")
        except (NotFound, PermissionMissing, UnsupportedFeature) as err:
            return err
        except ProtocolError as err:
            message = f"Its forecast could not be understood, and its value was left out: {err.message}"
            return Remark(remote_id=str(row.id), field="forecast", message=message, sample=err.sample)

    if not rows:
        return Values(values={}, untold=frozenset(), remarks=[])
    with CallPool(max_workers=min(AT_ONCE, len(rows)), thread_name_prefix="forecast") as pool:
        found = list(zip((row.id for row in rows), pool.map(read, rows), strict=True))
    for number, _ in found:
        answered.pop(number, None)
    refused = next((value for _, value in found if is_refusal(value)), None)
    remarks = [value for _, value in found if isinstance(value, Remark)]
    return Values(
        values={number: value for number, value in found if isinstance(value, Decimal)},
        untold=frozenset(number for number, value in found if isinstance(value, Remark | IntegrationError)),
        remarks=remarks if refused is None else [*remarks, untold_remark("values of opportunities", why_of(refused))],
    )


def is_refusal(value: object) -> TypeGuard[IntegrationError]:
    """Whether the forecast was refused, rather than not found: that one opportunity has none is nothing to speak of."""
    return isinstance(value, IntegrationError) and not isinstance(value, NotFound)


def is_told(forecast: client_payloads.Forecast) -> bool:
    """Whether the forecast says anything of what its opportunity is worth, be it that it is worth nothing."""
    return forecast.forecast_revenue_totals is not None or forecast.forecast_items is not None


def revenue(forecast: client_payloads.Forecast) -> Decimal | None:
    """The forecast's own total, else the sum of the items that count; None where it has neither."""
    totals = forecast.forecast_revenue_totals
    if totals is not None and totals.revenue is not None:
        return amount(totals.revenue)
    return summed(item.revenue for item in forecast.forecast_items or () if item.include_flag is not False)
