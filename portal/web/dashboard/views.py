"""The dashboard: can I trust the data this morning?"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from foundation.tenancy.zones import zone_named
from mappings.selectors.labels import IS, Vocabulary, listed_words, vocabulary_of
from portal.web.request import PortalRequest
from portal.web.sync.labels import Badge, badge_of, stream_words
from portal.web.wording import counted
from sync.models import Run
from sync.selectors.freshness import Freshness, connections_trust, first_syncs
from tickets.selectors import open_figures
from tickets.selectors.figures import Called, Figure

OLD = dt.timedelta(hours=26)
"""A nightly and an hour of patience: what is older than this was missed."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer for one connection: a word, and the sentence behind it."""

    tone: str
    word: str
    said: str


@dataclass(frozen=True, slots=True)
class TrustCard:
    """A connection on the dashboard. ``counts``: (stream, read, what changed) of the last good sync."""

    trust: Freshness
    verdict: Verdict
    badge: Badge | None
    open_badge: Badge | None
    counts: list[tuple[str, int, str]]


@require_GET
@login_required
def dashboard(request: PortalRequest) -> HttpResponse:
    """Cards of the connections, and the open tickets in figures for people who may see tickets."""
    if request.organization is None:
        return redirect("web:no_organization")
    now = timezone.now()
    trusts = connections_trust(now)
    context: dict[str, Any] = {"cards": [card_of(trust, now) for trust in trusts], "connected": bool(trusts)}
    if trusts and request.access.can("view_tickets"):
        zone = zone_named(request.organization.time_zone)
        today = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
        figures = open_figures(today, called_by(vocabulary_of(listed_words())))
        context |= {
            "figures": figures,
            "first_syncs": first_syncs(),
            "by_status": chart_of("status", figures.by_status),
            "by_board": chart_of("board", figures.by_board),
            "by_technician": chart_of("technician", figures.by_technician),
            "by_age": [age_bar(figure, zone) for figure in figures.by_age],
        }
    return render(request, "dashboard/page.html", context)


def called_by(words: Vocabulary) -> Called:
    """The organization's words for statuses, as the list of tickets shows them and filters by them."""

    def called(status: int | None, board: int | None) -> tuple[str, str] | None:
        word = words.word("status", status, board)
        return None if word is None else (word.name, f"{IS}{word.id}")

    return called


def card_of(trust: Freshness, now: dt.datetime) -> TrustCard:
    """The card with its answer."""
    card = trust.card
    return TrustCard(
        trust=trust,
        verdict=verdict_of(trust, now),
        badge=badge_of(card.last) if card.last else None,
        open_badge=badge_of(card.open_run) if card.open_run else None,
        counts=[
            (
                stream_words(stream.name).capitalize(),
                stream.fetched,
                changes_words(stream.created, stream.updated, stream.removed),
            )
            for stream in trust.streams
        ],
    )


def verdict_of(trust: Freshness, now: dt.datetime) -> Verdict:
    """Whether people can rely on what is here, the gravest reason first."""
    card, good = trust.card, trust.card.last_good
    if trust.changing:
        return Verdict("neutral", "Not yet", "The PSA instance is being changed: nothing of the new one is here yet.")
    if not trust.complete:
        if card.connection.setup_step:
            return Verdict("neutral", "Not yet", "Setting up has not been finished, so nothing is synced.")
        return Verdict("info", "Not yet", "The first sync has not finished: lists are not complete.")
    if good is None or good.finished_at is None:
        return Verdict("bad", "No", "No sync has succeeded yet.")
    if card.health.tone == "bad":
        return Verdict("bad", "With care", "The PSA cannot be reached: what is here is as old as the last good sync.")
    if card.last and card.last.result == Run.Result.ERROR:
        return Verdict("warn", "With care", "The last sync stopped with an error: newer changes may be missing.")
    if now - good.finished_at > OLD:
        return Verdict("warn", "With care", "No sync has succeeded for more than a day.")
    if good.result == Run.Result.WARNING:
        return Verdict("warn", "Mostly", "Everything was read, but some records could not be merged.")
    return Verdict("ok", "Yes", "The last sync was applied and nothing failed.")


def changes_words(created: int, updated: int, removed: int) -> str:
    """ "12 new, 31 changed"; "no change" for none."""
    named = ((created, "new"), (updated, "changed"), (removed, "removed"))
    return ", ".join(f"{counted(number)} {word}" for number, word in named if number) or "no change"


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars, and in words what they leave out."""

    bars: list[dict[str, Any]]
    note: str


def chart_of(filter_name: str, figures: list[Figure]) -> Chart:
    """The figures as bars that lead to the list, filtered by ``filter_name``."""
    note = next((f"{figure.label}: {counted(figure.value)}" for figure in figures if figure.rest), "")
    return Chart([bar(figure, **{filter_name: figure.key}) for figure in figures if not figure.rest], note)


def bar(figure: Figure, **filters: Any) -> dict[str, Any]:
    """A bar that leads to the list behind it, where a filter of the list says the same."""
    wanted = {name: value for name, value in filters.items() if value is not None}
    href = f"{reverse('web:ticket_list')}?{urlencode(wanted)}" if wanted else ""
    tone = "warn" if figure.key == "none" else ""
    return {"label": figure.label, "value": figure.value, "href": href, "tone": tone}


def age_bar(figure: Figure, zone: ZoneInfo) -> dict[str, Any]:
    """The bar of one age; days of the list's filter include both ends."""
    days = {
        "created_from": figure.since.astimezone(zone).date().isoformat() if figure.since else None,
        "created_to": (figure.until.astimezone(zone).date() - dt.timedelta(days=1)).isoformat()
        if figure.until
        else None,
    }
    return bar(figure, sort="created", **days)
