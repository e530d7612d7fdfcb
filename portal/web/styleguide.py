"""Every component in every state on one page, for staff and for development."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from django import forms
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.exceptions import ImproperlyConfigured
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from foundation.tenancy.access import Access, Membership
from foundation.tenancy.permissions import PERMISSIONS
from portal.web.request import IncomingRequest

TONES = (
    ("ok", "Success", "Everything that changed in the PSA was applied."),
    ("info", "No change", "Nothing had changed in the PSA since the last run."),
    ("warn", "Warning", "Applied, with 3 records that could not be merged."),
    ("bad", "Error", "Stopped before anything was applied."),
    ("neutral", "Cancelled", "A person cancelled this run; nothing was applied."),
    ("running", "Running", "A worker holds this run and reported 2 s ago."),
)


class SampleTicket(NamedTuple):
    """A row of the sample table; ``age`` in minutes."""

    number: int
    summary: str
    company: str
    status: str
    tone: str
    technician: str
    age: int
    notes: int


LONG = "New starter on Monday: laptop, phone, mailbox and access to the finance share"
NORDWIND = "Nordwind Logistics GmbH"
TICKETS = (
    SampleTicket(48231, "Printer prints blank pages", NORDWIND, "In progress", "running", "Ada Byrne", 4, 12),
    SampleTicket(48230, "VPN drops every 20 minutes since the update", "Café Zoë & Söhne", "New", "info", "", 35, 2),
    SampleTicket(48228, LONG, "Harbour Dental", "Waiting for client", "warn", "Jon Ek", 190, 8),
    SampleTicket(48219, "مشكلة في البريد الإلكتروني", "Al Noor Trading", "Escalated", "bad", "Ada Byrne", 1500, 31),
    SampleTicket(48102, "Backup job failed on SRV-DC02", NORDWIND, "Completed", "ok", "Mei Tan", 4400, 1204),
)
RUNS = ((3, ""), (4, ""), (3, ""), (9, "warn"), (4, ""), (3, ""), (12, "bad"), (3, ""), (4, ""), (6, ""), (4, "ok"))


class SampleForm(forms.Form):
    """Each kind of control once."""

    address = forms.URLField(
        label="Address",
        assume_scheme="https",
        help_text="As you type it into the browser, such as https://na.myconnectwise.net.",
    )
    company = forms.CharField(label="Company id", required=False)
    private_key = forms.CharField(
        label="Private key", widget=forms.PasswordInput, help_text="Stored encrypted and never shown again."
    )
    kind = forms.ChoiceField(
        label="Nightly kind", choices=[("full", "Full"), ("quick", "Quick, with a full one weekly")]
    )
    days = forms.IntegerField(label="Date range in days", min_value=1, initial=365)
    reason = forms.CharField(label="Reason", widget=forms.Textarea(attrs={"rows": 3}), required=False)
    notify = forms.BooleanField(
        label="Tell me by email when it is done", required=False, help_text="Once a run, not once a record."
    )
    boards = forms.MultipleChoiceField(
        label="Boards",
        widget=forms.CheckboxSelectMultiple,
        choices=[
            (1, "Service desk"),
            (2, "Projects"),
            (3, "Alerts"),
            (4, "Internal administration and everything else"),
        ],
        initial=[1, 3],
        help_text="Tickets of other boards are not read.",
    )
    when = forms.ChoiceField(
        label="Deleted tickets",
        widget=forms.RadioSelect,
        choices=[("hide", "Hide"), ("keep", "Keep, marked")],
        initial="hide",
    )


def sample_access() -> Access:
    """Rights to everything in an organization that does not exist: lets the shell be seen without signing in."""
    home = Membership(1, "acme", "Acme Managed Services", "Europe/Amsterdam", "Admin", frozenset(PERMISSIONS))
    return Access(home, (home, Membership(2, "borealis", "Borealis IT", "Europe/Oslo", "Technician", frozenset())))


def icon_names() -> list[str]:
    """The names in the sprite, in its order."""
    path = finders.find("icons.svg")
    if not isinstance(path, str):
        raise ImproperlyConfigured("static/icons.svg is not among the static files.")
    return re.findall(r'<symbol id="([^"]+)"', Path(path).read_text(encoding="utf-8"))


def sample_context(now: datetime) -> dict[str, Any]:
    """What the page shows, as plain values; times hang on ``now``."""
    typed = {"address": "connectwise", "days": "0", "kind": "full", "when": "hide"}
    wrong = SampleForm(typed, auto_id="wrong_%s")
    wrong.is_valid()
    wrong.add_error(None, "Two fields need your attention.")
    tickets = [{**row._asdict(), "updated": now - timedelta(minutes=row.age)} for row in TICKETS]
    return {
        "tones": TONES,
        "icons": icon_names(),
        "tickets": tickets,
        "form": SampleForm(),
        "wrong": wrong,
        "now": now,
        "minutes_ago": now - timedelta(minutes=3),
        "hours_ago": now - timedelta(hours=5),
        "days_ago": now - timedelta(days=3),
        "weeks_ago": now - timedelta(weeks=9),
        "soon": now + timedelta(minutes=95),
        "countdown": now + timedelta(seconds=84),
        "series": [12, 14, 9, 22, 31, 28, 12, 4, 6, 19, 27, 33, 30, 21],
        "by_status": [
            {"label": "New", "value": 184, "href": "#charts"},
            {"label": "In progress", "value": 412, "href": "#charts"},
            {"label": "Waiting for client", "value": 96, "tone": "warn"},
            {"label": "Escalated", "value": 11, "tone": "bad"},
        ],
        "runs": [{"label": f"run {n}", "value": v, "tone": t} for n, (v, t) in enumerate(RUNS)],
        "people": [("ada", "Ada Byrne"), ("jon", "Jon Ek")],
        "written": "I replaced the **drum unit**. Could you print a test page and tell us how it looks?\n\n- both sides\n- in colour",
        "crumbs": [("Settings", "#"), ("Integrations", "#"), ("ConnectWise", "")],
        "script_text": "bin/manage sync start --connection 1 --kind quick --wait --json",
    }


def styleguide(request: IncomingRequest) -> HttpResponse:
    """The page; absent (404) unless this is a debug installation or the reader is staff."""
    if not (settings.DEBUG or getattr(request.user, "is_staff", False)):
        raise Http404
    if getattr(request, "organization", None) is None:
        request.access = sample_access()
        request.organization = request.access.membership
    return render(request, "styleguide/page.html", sample_context(timezone.now()))
