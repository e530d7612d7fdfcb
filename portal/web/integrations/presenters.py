"""A connection's card and settings in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from integrations.catalog import Catalog, FieldChoice, catalog_of
from integrations.models import Connection
from integrations.port import Provider
from integrations.selectors import Health
from integrations.settings_schema import RECORD_FIELDS, ConnectionSettings, SettingsInvalid, settings_of
from portal.web.integrations.lookups import found_provider
from portal.web.integrations.scope_forms import optional_streams, optional_words, range_words, told_apart
from portal.web.sync.labels import Badge, badge_of
from portal.web.wording import counted
from sync.models import Run
from sync.selectors.overview import ConnectionCard

FIGURES = (("created", "new"), ("updated", "changed"), ("removed", "removed"), ("failed", "failed"))
SHOWN_NAMES = 6


@dataclass(frozen=True, slots=True)
class ShownCard:
    """``figures``: the last run's outcome in a sentence. ``setup_step``: where setting up goes on; "" when it is done."""

    card: ConnectionCard
    connection: Connection
    health: Health
    open_run: Run | None
    open_badge: Badge | None
    last_badge: Badge | None
    figures: str
    setup_step: str
    budget: ShownBudget | None


@dataclass(frozen=True, slots=True)
class ShownBudget:
    """Requests that all integrations of a PSA share. ``tone``: of the state that ``word`` names; ``rule``: what happens when."""

    used: int
    limit: int
    words: str
    word: str
    tone: str
    rule: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class SettingLine:
    """One setting in words. ``names``: the first chosen ones; ``more``: how many further ones there are."""

    label: str
    value: str
    names: Sequence[str] = ()
    more: int = 0


def shown_card(card: ConnectionCard) -> ShownCard:
    """The card with its badges and sentences."""
    return ShownCard(
        card=card,
        connection=card.connection,
        health=card.health,
        open_run=card.open_run,
        open_badge=badge_of(card.open_run) if card.open_run else None,
        last_badge=badge_of(card.last) if card.last else None,
        figures=figures_words(card.figures) if card.last else "",
        setup_step=card.connection.setup_step,
        budget=shown_budget(card.connection),
    )


def shown_budget(connection: Connection) -> ShownBudget | None:
    """What of the shared requests is used, as a run last saw it, and what that does to syncs. None where nothing is shared."""
    told = connection.usage
    if not told or not told["limit"] or told["slow_above"] is None or told["stop_above"] is None:
        return None
    share, slow, stop = told["used"] / told["limit"], told["slow_above"], told["stop_above"]
    if share >= stop:
        word, tone = "Syncs wait", "bad"
    elif share >= slow:
        word, tone = "Syncs go slowly", "warn"
    else:
        word, tone = "Enough left", "ok"
    minutes = round(told["minutes"])
    window = "hour" if minutes == 60 else f"{minutes} minutes"
    return ShownBudget(
        used=told["used"],
        limit=told["limit"],
        words=f"Requests in the last {window}: {share:.0%}",
        word=word,
        tone=tone,
        rule=(
            f"All integrations of this system share them. From {slow:.0%} on syncs make one request at a time; "
            f"from {stop:.0%} on they wait, and what is left is kept for people."
        ),
        at=dt.datetime.fromisoformat(told["at"]),
    )


def figures_words(figures: dict[str, int]) -> str:
    """ "48,210 read: 12 new, 31 changed"."""
    parts = [f"{counted(figures[name])} {word}" for name, word in FIGURES if figures.get(name)]
    read = f"{counted(figures.get('fetched', 0))} read"
    return f"{read}: {', '.join(parts)}" if parts else f"{read}, none differed"


def rights_needed(provider: Provider) -> list[str]:
    """The rights that a key of this system needs, in the vendor's words, each once."""
    return list(dict.fromkeys(spec.permission for spec in provider.streams if spec.permission))


def settings_lines(connection: Connection) -> list[SettingLine]:
    """What is synced, in words; names where the PSA told them."""
    try:
        wanted = settings_of(connection)
    except SettingsInvalid as err:
        return [SettingLine("Settings", err.sentence)]
    catalog = catalog_of(connection.catalog)
    days = wanted.date_range_days
    return [
        _boards(wanted, catalog),
        _excluded(wanted, catalog),
        SettingLine("Closed tickets", "All, however old" if days is None else f"Changed within {range_words(days)}"),
        _records(wanted, found_provider(connection.provider)),
        *_companies(wanted, catalog),
        *_fields(wanted, catalog),
    ]


def _boards(wanted: ConnectionSettings, catalog: Catalog | None) -> SettingLine:
    if wanted.boards is None:
        return SettingLine("Boards", "All, and new ones as they are made")
    names = {board.remote_id: board.name for board in catalog.boards} if catalog else {}
    return _listed("Boards", [names.get(board, f"Board {board}") for board in wanted.boards])


def _records(wanted: ConnectionSettings, provider: Provider) -> SettingLine:
    optional, label = optional_streams(provider), "Beside tickets and companies"
    chosen = optional if wanted.streams is None else [name for name in optional if name in wanted.streams]
    if len(chosen) == len(optional):
        return SettingLine(label, "All kinds of records")
    return (
        SettingLine(label, "", [optional_words(name) for name in chosen]) if chosen else SettingLine(label, "Nothing")
    )


def _companies(wanted: ConnectionSettings, catalog: Catalog | None) -> list[SettingLine]:
    """What is not all of them."""
    lines = []
    for label, chosen, known in (
        ("Types of companies", wanted.company_types, catalog.company_types if catalog else None),
        ("Statuses of companies", wanted.company_statuses, catalog.company_statuses if catalog else None),
    ):
        if chosen is not None:
            names = {choice.remote_id: choice.name for choice in known or ()}
            lines.append(_listed(label, [names.get(one, f"No. {one}") for one in chosen]))
    return lines


def _excluded(wanted: ConnectionSettings, catalog: Catalog | None) -> SettingLine:
    if not wanted.excluded_statuses:
        return SettingLine("Excluded statuses", "None")
    boards = catalog.boards if catalog else []
    names = {status.remote_id: f"{board.name}: {status.name}" for board in boards for status in board.statuses}
    names |= {status.remote_id: status.name for status in catalog.statuses} if catalog else {}
    return _listed("Excluded statuses", [names.get(status, f"Status {status}") for status in wanted.excluded_statuses])


def _fields(wanted: ConnectionSettings, catalog: Catalog | None) -> list[SettingLine]:
    """Those of tickets, and of other records what is not all of them."""
    known = catalog or Catalog(read_at=timezone.now())
    lines = [_chosen_fields("Custom fields", wanted.custom_fields, known.custom_fields)]
    others = [("companies", wanted.company_fields, known.company_fields)]
    others += [(s, getattr(wanted, name), known.record_fields.get(s, [])) for s, name in RECORD_FIELDS.items()]
    return lines + [
        _chosen_fields(f"Custom fields of {s}", kept, all_of) for s, kept, all_of in others if kept is not None
    ]


def _chosen_fields(label: str, kept: Sequence[str] | None, known: Sequence[FieldChoice]) -> SettingLine:
    if kept is None:
        return SettingLine(label, "All, and new ones as they are made")
    if not kept:
        return SettingLine(label, "None")
    names = dict(told_apart(known))
    return _listed(label, [names.get(field, f"Field {field}") for field in kept])


def _listed(label: str, names: Sequence[str]) -> SettingLine:
    return SettingLine(label, "", names[:SHOWN_NAMES], max(0, len(names) - SHOWN_NAMES))
