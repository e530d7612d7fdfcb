"""What a sale is made of: the sums of an invoice, and the forecast of an opportunity."""

from __future__ import annotations

from lab.sandbox.collection import Json
from lab.sandbox.connectwise.catalog import PRODUCTS
from lab.sandbox.dice import Dice

SUMS = ("agreementAmount", "serviceTotal", "productTotal", "expenseTotal")


def invoice_sums(subtotal: float, dice: Dice) -> Json:
    """How a subtotal is made up; in whole hundredths, so that the parts are the whole."""
    left, found = round(subtotal * 100), dict.fromkeys(SUMS, 0.0)
    for name in SUMS[:-1]:
        part = left * dice.below(101) // 100 if dice.chance(60) else 0
        found[name], left = part / 100, left - part
    return found | {"expenseTotal": left / 100, "serviceAdjustmentAmount": 0.0}


def forecast(opportunity: int, dice: Dice) -> Json:
    """What ``/sales/opportunities/{id}/forecast`` says. An item that is not included does not count; some have no items at all."""
    items = [_item(number, opportunity, dice) for number in range(dice.below(4))]
    counted = [item for item in items if item["includeFlag"]]
    revenue, cost = (round(sum(item[name] for item in counted), 2) for name in ("revenue", "cost"))
    totals = {"id": opportunity, "revenue": revenue, "cost": cost, "margin": round(revenue - cost, 2)}
    return {
        "id": opportunity,
        "forecastItems": items,
        "productRevenue": totals,
        "forecastRevenueTotals": totals,
        "recurringTotal": 0.0,
        "expectedProbability": 50,
        "_info": {},
    }


def _item(number: int, opportunity: int, dice: Dice) -> Json:
    identifier, description, _, price, cost = dice.pick(PRODUCTS)
    quantity = float(1 + dice.low(30))
    return {
        "id": opportunity * 10 + number,
        "forecastDescription": identifier,
        "productDescription": description,
        "forecastType": "Product",
        "quantity": quantity,
        "revenue": round(quantity * price, 2),
        "cost": round(quantity * cost, 2),
        "includeFlag": dice.chance(80),
        "recurringFlag": False,
        "sequenceNumber": number + 1,
    }
