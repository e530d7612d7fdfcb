"""What an opportunity is worth, which ConnectWise tells in another place, and of what an invoice is made."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from integrations.adapters.connectwise import client_mapping, client_payloads
from integrations.adapters.connectwise.forecasts import PAGE, revenue
from integrations.boundary import bounded
from integrations.client_records import OpportunityRecord
from integrations.errors import TransientError
from integrations.port import ReadRequest
from tests.integrations.adapters.connectwise.collection import adapter_on
from tests.loopback import Answer, Loopback, Received, json_reply

OPPORTUNITIES = [{"id": number, "name": f"Deal {number}"} for number in range(1, 7)]
FORECASTS: dict[str, Any] = {
    "1": {"forecastRevenueTotals": {"revenue": 1200.5}, "forecastItems": [{"revenue": 1.0}]},
    "2": {"forecastItems": [{"revenue": 10.1}, {"revenue": 5.0, "includeFlag": False}, {"revenue": 0.2}]},
    "3": {"id": 3},
    "6": {"forecastRevenueTotals": {"revenue": 1e300}},
}


def answer(request: Received) -> Answer:
    """Opportunity 4 has no forecast, that of 5 is no forecast, and nobody is worth as much as 6."""
    asked = re.search(r"/(\d+)/forecast$", request.path)
    if asked is None:
        one = re.search(r"/opportunities/(\d+)$", request.path)
        return json_reply(OPPORTUNITIES[int(one[1]) - 1] if one else OPPORTUNITIES, Link="")
    if asked[1] == "5":
        return json_reply([])
    if asked[1] not in FORECASTS:
        return json_reply({"code": "NotFound", "message": "No forecast"}, status=404)
    return json_reply(FORECASTS[asked[1]])


def test_each_opportunity_has_its_forecasts_revenue_and_an_odd_one_costs_itself_alone() -> None:
    with Loopback(answer) as server:
        page = bounded(adapter_on(server)).read_page(ReadRequest(stream="opportunities"))
        paths = [request.path.rpartition("3.0/")[2] for request in server.received]
    values = {record.remote_id: record.value for record in page.records if isinstance(record, OpportunityRecord)}
    assert values == {"1": Decimal("1200.5"), "2": Decimal("10.3"), "3": None, "4": None, "5": None, "6": None}
    assert [(remark.remote_id, remark.field) for remark in page.remarks] == [("5", "forecast"), ("6", "value")]
    assert page.rejected == []
    assert page.rows == len(OPPORTUNITIES)
    assert sorted(paths) == ["sales/opportunities", *(f"sales/opportunities/{n}/forecast" for n in range(1, 7))]


def test_one_opportunity_is_read_with_its_forecast() -> None:
    with Loopback(answer) as server:
        adapter = adapter_on(server)
        record = adapter.read_one("opportunities", "1")
        assert isinstance(record, OpportunityRecord)
        assert record.value == Decimal("1200.5")
        assert getattr(adapter.read_one("opportunities", "5"), "value", "") is None


def test_a_page_of_opportunities_is_small_and_a_forecast_that_fails_fails_it() -> None:
    def failing(request: Received) -> Answer:
        return json_reply({}, status=503) if request.path.endswith("forecast") else answer(request)

    with Loopback(failing) as server:
        with pytest.raises(TransientError):
            adapter_on(server).read_page(ReadRequest(stream="opportunities", page_size=1000))
        assert server.received[0].query["pageSize"] == str(PAGE)


@pytest.mark.parametrize(
    ("said", "expected"),
    [({}, None), ({"forecastItems": []}, None), ({"forecastRevenueTotals": {"revenue": 0.0}}, Decimal(0))],
)
def test_no_forecast_is_no_value_and_nothing_is_nothing(said: dict[str, Any], expected: Decimal | None) -> None:
    assert revenue(msgspec.convert(said, client_payloads.Forecast)) == expected


def test_an_invoice_is_made_of_the_sums_that_its_header_tells() -> None:
    row = client_payloads.Invoice(
        id=1, agreement_amount=450.0, service_total=0.0, product_total=19.99, previous_progress_applied=100.0
    )
    assert [(line["description"], line["total"]) for line in client_mapping.invoice(row).lines] == [
        ("Agreement", "450"),
        ("Products", "19.99"),
        ("Progress billed before", "-100"),
    ]
