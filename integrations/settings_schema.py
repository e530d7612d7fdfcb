"""What of a connection's PSA is wanted: the settings of the pages and of the command line, checked in one place."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from foundation.core.errors import Refused
from integrations.decoding import converted
from integrations.port import Scope

if TYPE_CHECKING:
    from integrations.models import Connection

LONGEST_RANGE = 36_500
MOST_ROTATION = 100_000
LONGEST_UNDO = 24 * 90
LARGEST_SAMPLE = 1000
MOST_ATTEMPTS = 30
LONGEST_SHOWN = 60
"""Characters of a stored value that a sentence names."""


class ConnectionSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``boards``, ``excluded_statuses``, ``custom_fields`` (of tickets), ``company_types``, ``company_statuses``, ``company_fields`` and the
    fields of other records (see ``RECORD_FIELDS``): remote ids. ``None`` means all, also for ``streams`` (names). What is of a company of
    another type or status is left out with it.

    ``date_range_days``: closed tickets that changed longer ago are left out; None takes all. ``notes_rotation``: how many
    requests a night may spend on notes of closed tickets that did not change, and a tenth of those that any full run may spend on
    closed tickets that were never read. A full run that would remove more than
    ``hold_percent`` of the records, and at least ``hold_least``, waits for a person; likewise one that would remove more than
    ``hold_company_percent`` of one company's tickets, and at least ``hold_least``, or a whole board or company with tickets here
    (100 switches these two off). Above ``hold_second_percent`` of a stream a second person has to agree (100: never).
    ``undo_hours``: how long what a run removed can be brought back. ``audit_sample``: how many records of a stream are compared with
    the PSA after each night's run; 0: none. ``retry_attempts``: after how many failures in a row, with longer and longer waits in between,
    a run gives up. A run ends as an Error when more than ``fail_percent`` of a stream's records can't be understood (100: never).
    ``conflict_rule``: who wins when the PSA changes a field that an edit made here waits to change (see ``CONFLICT_RULES``).
    """

    boards: list[str] | None = None
    excluded_statuses: list[str] = []
    date_range_days: int | None = 365
    company_types: list[str] | None = None
    company_statuses: list[str] | None = None
    custom_fields: list[str] | None = None
    company_fields: list[str] | None = None
    contact_fields: list[str] | None = None
    asset_fields: list[str] | None = None
    agreement_fields: list[str] | None = None
    product_fields: list[str] | None = None
    opportunity_fields: list[str] | None = None
    invoice_fields: list[str] | None = None
    streams: list[str] | None = None
    notes_rotation: int = 500
    hold_percent: int = 5
    hold_least: int = 25
    hold_company_percent: int = 20
    hold_second_percent: int = 20
    undo_hours: int = 72
    audit_sample: int = 100
    retry_attempts: int = 8
    fail_percent: int = 50
    conflict_rule: str = "ask"


FIELDS = tuple(field.name for field in msgspec.structs.fields(ConnectionSettings))
LIMITS: dict[str, tuple[int, int]] = {
    "date_range_days": (1, LONGEST_RANGE),
    "notes_rotation": (0, MOST_ROTATION),
    "hold_percent": (0, 100),
    "hold_least": (0, 1_000_000),
    "hold_company_percent": (0, 100),
    "hold_second_percent": (0, 100),
    "undo_hours": (0, LONGEST_UNDO),
    "audit_sample": (0, LARGEST_SAMPLE),
    "retry_attempts": (1, MOST_ATTEMPTS),
    "fail_percent": (0, 100),
}
"""(least, most) of each number."""
SAFEGUARDS = ("hold_least", "hold_percent", "hold_company_percent", "hold_second_percent", "undo_hours", "audit_sample")
"""What a sync may take away, who lets it, how long it can be taken back, and how much of the copy is compared each night."""
HANDLING = ("retry_attempts", "fail_percent", "conflict_rule")
"""How a sync goes on when something fails, and who wins."""
AT_ONCE = (*SAFEGUARDS, *HANDLING, "notes_rotation")
"""What counts at once, for a run that is at work too: what it may take away, what it does about errors, what it may spend. All other
settings decide what is read; a run keeps those that it began with."""
CONFLICT_RULES = ("ask", "psa", "portal", "newest")
"""A person decides; the PSA's value stays; the edit made here stays; whichever was made later."""
_NEVER_EMPTY = ("boards", "company_types", "company_statuses", "streams")
RECORD_FIELDS = {
    "contacts": "contact_fields",
    "assets": "asset_fields",
    "agreements": "agreement_fields",
    "products": "product_fields",
    "opportunities": "opportunity_fields",
    "invoices": "invoice_fields",
}
"""The setting that names the custom fields to keep of a stream's records, beside those of tickets and companies."""
_LISTS = (*_NEVER_EMPTY, "excluded_statuses", "custom_fields", "company_fields", *RECORD_FIELDS.values())


class SettingsInvalid(Refused):
    """``errors``: {field: sentence}. ``before``: words that the message begins with."""

    def __init__(self, errors: Mapping[str, str], before: str = "") -> None:
        super().__init__(" ".join([before, *errors.values()]).lstrip())
        self.errors = dict(errors)


def settings_from(values: Mapping[str, Any], *, streams: tuple[str, ...] = ()) -> ConnectionSettings:
    """Checked settings; absent ones get their defaults. ``streams``: the names that the system knows (empty: any).

    Ids may be given as numbers. Raises SettingsInvalid with a sentence per field.
    """
    errors = {
        name: f"There is no setting “{name}”. Known: {', '.join(FIELDS)}." for name in values if name not in FIELDS
    }
    clean: dict[str, Any] = {}
    for name, value in values.items():
        problem = ""
        if name in LIMITS:
            problem = _number_problem(name, value)
        elif name in _LISTS:
            value, problem = _ids(name, value)
        elif name == "conflict_rule" and value not in CONFLICT_RULES:
            problem = f"conflict_rule must be one of {', '.join(CONFLICT_RULES)}."
        if problem:
            errors[name] = problem
        clean[name] = value
    unknown = [name for name in clean.get("streams") or () if streams and name not in streams]
    if unknown and "streams" not in errors:
        errors["streams"] = f"streams: {', '.join(unknown)} is not known. Known: {', '.join(streams)}."
    if errors:
        raise SettingsInvalid(errors)
    return converted(clean, ConnectionSettings)


def check_safeguards(settings: ConnectionSettings) -> None:
    """Refuses thresholds that contradict each other, with SettingsInvalid. For what a person has just chosen: stored settings stay
    readable, and a connection whose ``hold_percent`` was raised alone has a second person who is never asked, which is its owner's wish.
    """
    if settings.hold_second_percent < settings.hold_percent:
        raise SettingsInvalid(
            {
                "hold_second_percent": f"hold_second_percent is {settings.hold_second_percent}, below hold_percent, which is "
                f"{settings.hold_percent}: removals between the two pass without anybody. Make it {settings.hold_percent} or more."
            }
        )


def settings_of(connection: Connection) -> ConnectionSettings:
    """The connection's settings. Those that a newer release stored and this one does not know are ignored, and of those that count at once
    a value that this release does not know: its default counts. Raises SettingsInvalid where a value that decides what is read is not
    known, for any other in its place would bring or take away records.
    """
    try:
        return settings_from(_without_unknown(connection.settings, AT_ONCE))
    except SettingsInvalid as err:
        raise SettingsInvalid(err.errors, "The settings of this connection can't be used:") from err


def readable_settings(connection: Connection) -> ConnectionSettings:
    """The same, with a default for whatever is not known: for pages, which have to open to mend it, and for what does not read the PSA."""
    return settings_from(_without_unknown(connection.settings, FIELDS))


def unknown_values(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Of stored settings that this release knows those whose values it does not know: a newer one wrote them, or somebody by hand."""
    known = known_settings(stored)
    try:
        settings_from(known)
    except SettingsInvalid as err:
        return {name: known[name] for name in known if name in err.errors}
    return {}


def settings_problems(connection: Connection) -> list[str]:
    """What of the settings does not count as it is stored, and what counts instead, a sentence for each setting."""
    default = ConnectionSettings()
    return [
        f"The setting “{name}” holds “{shown_value(value)}”, which this release does not know: "
        + (
            f"until another value is saved, {getattr(default, name)} counts."
            if name in AT_ONCE
            else "until another value is saved, no sync runs, so that nothing is brought or taken away by it."
        )
        for name, value in unknown_values(connection.settings).items()
    ]


def shown_value(value: Any) -> str:
    """A stored value for people, short."""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _without_unknown(stored: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """The known settings, of ``names`` without those whose values are not known."""
    odd = unknown_values(stored)
    return {name: value for name, value in known_settings(stored).items() if name not in odd or name not in names}


def known_settings(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Of stored settings those that this release knows."""
    return {name: value for name, value in stored.items() if name in FIELDS}


def kept_settings(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Of stored settings those that only a newer release knows: they stay as they are until it is back."""
    return {name: value for name, value in stored.items() if name not in FIELDS}


def reading_of(settings: ConnectionSettings) -> dict[str, Any]:
    """The settings that decide what is read, by name."""
    return {name: value for name, value in msgspec.to_builtins(settings).items() if name not in AT_ONCE}


def settings_with(settings: ConnectionSettings, reading: Mapping[str, Any]) -> ConnectionSettings:
    """The settings with those that decide what is read as they were once. Raises SettingsInvalid."""
    return settings_from({**msgspec.to_builtins(settings), **known_settings(reading)})


def scope_of(connection: Connection) -> Scope:
    """What an adapter is asked for: the settings, with the date range as the fixed moment that was stored for it."""
    return scope_from(settings_of(connection), connection.range_start)


def scope_from(settings: ConnectionSettings, start: dt.datetime | None) -> Scope:
    """The scope of settings whose date range begins at ``start``."""
    return Scope(
        board_ids=_tuple(settings.boards),
        excluded_status_ids=tuple(settings.excluded_statuses),
        changed_after=None if settings.date_range_days is None else start,
        company_type_ids=_tuple(settings.company_types),
        company_status_ids=_tuple(settings.company_statuses),
        custom_field_ids=_tuple(settings.custom_fields),
        field_ids={
            stream: tuple(ids)
            for stream, name in {"companies": "company_fields", **RECORD_FIELDS}.items()
            if (ids := getattr(settings, name)) is not None
        },
    )


def _tuple(ids: list[str] | None) -> tuple[str, ...] | None:
    return None if ids is None else tuple(ids)


def digest_of(connection: Connection) -> str:
    """The same while what the connection's settings want to be read, and the beginning of its date range, are the same."""
    parts = (reading_of(settings_of(connection)), connection.range_start)
    return hashlib.blake2b(msgspec.json.encode(parts), digest_size=12).hexdigest()


def range_start(settings: ConnectionSettings, now: dt.datetime) -> dt.datetime | None:
    """The beginning of the date range as of ``now``, in whole seconds; None takes all."""
    if settings.date_range_days is None:
        return None
    return now.replace(microsecond=0) - dt.timedelta(days=settings.date_range_days)


def _number_problem(name: str, value: Any) -> str:
    least, most = LIMITS[name]
    if value is None and name == "date_range_days":
        return ""
    if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
        return ""
    or_all = ", or null for all" if name == "date_range_days" else ""
    return f"{name} must be a whole number from {least} to {most}{or_all}."


def _ids(name: str, value: Any) -> tuple[list[str] | None, str]:
    if value is None and name != "excluded_statuses":
        return None, ""
    fits = isinstance(value, list) and all(
        isinstance(part, str | int) and not isinstance(part, bool) and str(part).strip() for part in value
    )
    if not fits:
        what = "names" if name == "streams" else "ids"
        or_all = "" if name == "excluded_statuses" else ", or null for all"
        return None, f"{name} must be a list of {what}{or_all}."
    if not value and name in _NEVER_EMPTY:
        return None, f"{name} must not be empty: choose at least one, or null for all."
    return list(dict.fromkeys(str(part).strip() for part in value)), ""
