"""Whatever stands in a stored row: no page fails for it, in no time zone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from django.db import models
from django.db.models.expressions import RawSQL
from django.test import Client

from clients.models import Agreement, Asset, Company, Contact, Invoice, Opportunity, Site
from foundation.tenancy.models import Organization, User
from foundation.tenancy.scope import tenant_transaction
from foundation.tenancy.services.audit import audit_record
from sync.models import Issue, Run, RunIssue, RunLog, RunStream
from tests.fixtures.runs import make_entries
from tests.web.conftest import MARKUP
from tests.web.test_hostile_input import failing, opened
from tickets.models import Board, Member, Note, Priority, Status, Ticket, TimeEntry

UTC = dt.UTC

ODD = "\u202eسلام\u200f \U0001f469\u200d\U0001f469\u200d\U0001f467 \x7f\x1b[31m\x01 Z\u0351\u036b\u0343 \ufffd\ufeff \u2028"


@dataclass(frozen=True)
class Kind:
    """What each type of column is filled with."""

    text: str
    at: dt.datetime
    on: dt.date
    number: int
    amount: Decimal | RawSQL
    share: float
    stored: dict[str, Any]


FIELDS: dict[str, Any] = {
    "1": {"caption": MARKUP, "value": [MARKUP, 1e308, None, {}], "type": "date"},
    "2": {"value": True},
    "3": {"caption": None, "value": 10**300},
    "4": "x",
    "5": {},
}
FIRST, LAST = dt.datetime.min.replace(tzinfo=UTC), dt.datetime.max.replace(tzinfo=UTC)
NO_NUMBER = RawSQL("'NaN'::numeric", ())
"""Django writes no such amount; the database holds it all the same."""
LONG = f"{MARKUP} {ODD} " * 300
NO_NUMBERS: dict[str, Any] = {
    "1": {"caption": LONG, "value": "NaN", "type": "number"},
    "2": {"caption": "x", "value": LONG, "type": "text"},
    "3": {"caption": "x", "value": ["Infinity", {"value": "1e400"}], "type": "date"},
}
MOST = Decimal("9" * 18 + "." + "9" * 6)
KINDS = {
    "first day of the calendar": Kind(MARKUP, FIRST, dt.date.min, 0, Decimal("-0.000001"), float("nan"), {}),
    "last day of the calendar": Kind(ODD, LAST, dt.date.max, 2**31 - 1, MOST, float("inf"), FIELDS),
    "no numbers, and long texts": Kind(
        LONG, dt.datetime(2, 1, 1, tzinfo=UTC), dt.date(2, 1, 1), 7, NO_NUMBER, float("-inf"), NO_NUMBERS
    ),
    "empty": Kind("", dt.datetime(2, 1, 1, tzinfo=UTC), dt.date(2, 1, 1), 0, Decimal(0), -0.0, {}),
}
MODELS: tuple[type[models.Model], ...] = (
    *(Ticket, Note, TimeEntry, Board, Status, Priority, Member, Company, Site, Contact),
    *(Asset, Agreement, Invoice, Opportunity, RunStream, RunIssue, RunLog, Issue),
)
KEPT = {
    "remote_id",
    "provider",
    "state",
    "stream",
    "action",
    "origin",
    "kind",
    "lane",
    "trigger",
    "phase",
    "name_of_stream",
}
"""Words of ours: nobody else writes them."""
OWN_NAMES = (RunStream,)


def filled(model: type[models.Model], kind: Kind) -> dict[str, Any]:
    """A value for each column of ``model`` that holds what a PSA sends."""
    return {name: value for name, value in _filled(model, kind) if name not in KEPT}


def _filled(model: type[models.Model], kind: Kind) -> Iterator[tuple[str, Any]]:
    for field in model._meta.concrete_fields:
        if field.primary_key or field.is_relation or field.unique or field.choices or field.name.endswith("_remote_id"):
            continue
        if isinstance(field, models.CharField | models.TextField) and not (model in OWN_NAMES and field.name == "name"):
            yield field.name, kind.text[: field.max_length or len(kind.text)]
        elif isinstance(field, models.DateTimeField):
            yield field.name, kind.at
        elif isinstance(field, models.DateField):
            yield field.name, kind.on
        elif isinstance(field, models.DecimalField):
            yield field.name, kind.amount
        elif isinstance(field, models.FloatField):
            yield field.name, kind.share
        elif isinstance(field, models.PositiveIntegerField | models.PositiveSmallIntegerField):
            yield field.name, max(kind.number, 0) % 30_000
        elif field.name == "custom_fields":
            yield field.name, kind.stored


def spoil(kind: Kind) -> None:
    """Fills all stored rows, and adds what is only ever added."""
    for model in MODELS:
        values = filled(model, kind)
        if values:
            model._base_manager.update(**values)
    told = {
        "before": {"summary": kind.text, "hours": None},
        "after": {"summary": [kind.text], "closed_at": str(kind.at)},
    }
    make_entries(Run.objects.get(), 3, label=kind.text[:200], reason=kind.text[:200], **told)
    audit_record(action="connection.renamed", changes={"name": [kind.text, None], "x": [[kind.text], {}]})


@pytest.mark.parametrize(
    ("kind", "zone"),
    [
        ("first day of the calendar", "America/Los_Angeles"),
        ("last day of the calendar", "Pacific/Kiritimati"),
        ("no numbers, and long texts", "Asia/Kathmandu"),
        ("empty", "America/Los_Angeles"),
    ],
)
def test_no_page_fails_for_what_stands_in_the_rows(
    kind: str,
    zone: str,
    rows: tuple[str, ...],
    admin: User,
    organization: Organization,
    client_for: Callable[[User], Client],
) -> None:
    browser = client_for(admin)
    browser.raise_request_exception = False
    found = [page for page, answer in opened(browser, rows) if answer.status_code == 200]
    with tenant_transaction(organization.pk):
        spoil(KINDS[kind])
        Organization.objects.filter(pk=organization.pk).update(time_zone=zone)
    assert failing(browser, [("get", page, {}) for page in found]) == []
    assert len(found) > 45
