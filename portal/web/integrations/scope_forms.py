"""Forms for what to sync: boards, statuses, date range, custom fields, streams."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from django import forms

from integrations.catalog import Catalog, CompanyChoice, FieldChoice
from integrations.port import Provider
from integrations.settings_schema import LONGEST_RANGE, ConnectionSettings
from portal.web.versions import VersionedForm
from sync.engine.run.plan import ESSENTIAL

ALL, CHOSEN, NONE = "all", "chosen", "none"
FIELD_MODES = ((ALL, "All, and new ones as they are made"), (CHOSEN, "Only those chosen here"), (NONE, "None"))
"""How many custom fields of a kind of record are kept."""
RANGES = ((30, "30 days"), (90, "90 days"), (180, "6 months"), (365, "1 year"), (730, "2 years"), (1095, "3 years"))
STREAM_WORDS = {
    "contacts": "Contacts",
    "sites": "Sites of companies",
    "notes": "Ticket notes",
    "time_entries": "Time entries",
    "assets": "Assets",
    "products": "Products",
    "agreements": "Agreements",
    "agreement_additions": "Additions of agreements",
    "invoices": "Invoices",
    "opportunities": "Opportunities",
}
COMPANIONS = {"opportunities": "opportunity_statuses"}
"""Streams that mean nothing by themselves: read with the one that they belong to, and not asked about."""


def optional_streams(provider: Provider) -> list[str]:
    """The streams of a system that people may leave out."""
    hidden = ESSENTIAL | set(COMPANIONS.values())
    return [spec.name for spec in provider.streams if not spec.reference and spec.name not in hidden]


def optional_words(name: str) -> str:
    """What people call such a stream."""
    return STREAM_WORDS.get(name, name.replace("_", " ").capitalize())


def range_words(days: int) -> str:
    """How far back closed tickets are read: "1 year"."""
    return dict(RANGES).get(days, f"{days:,} days")


def told_apart(fields: Sequence[FieldChoice]) -> list[tuple[str, str]]:
    """(id, caption) of each field; captions that several fields have are followed by the PSA's number of the field."""
    captions = [field.caption for field in fields]
    return [
        (
            field.remote_id,
            f"{field.caption} ({field.remote_id})" if captions.count(field.caption) > 1 else field.caption,
        )
        for field in fields
    ]


class ScopeForm(VersionedForm):
    """Turns settings into inputs and back; settings that a form does not show stay as they are."""

    def __init__(
        self, data: Mapping[str, Any] | None, *, settings: ConnectionSettings, catalog: Catalog, provider: Provider
    ) -> None:
        self.settings, self.catalog, self.provider = settings, catalog, provider
        super().__init__(data, initial=self.initial_values())

    def initial_values(self) -> dict[str, Any]:
        """The inputs' values for the settings."""
        raise NotImplementedError

    def changes(self) -> dict[str, Any]:
        """The settings that the inputs say, by name."""
        raise NotImplementedError

    def chosen(self) -> dict[str, Any]:
        """All settings, with those of this form as typed."""
        return {**msgspec.to_builtins(self.settings), **self.changes()}


class BoardsForm(ScopeForm):
    """Which boards' tickets are read."""

    boards_mode = forms.ChoiceField(
        label="Boards",
        widget=forms.RadioSelect,
        choices=[(ALL, "All boards, and new ones as they are made"), (CHOSEN, "Only the boards chosen here")],
    )
    boards = forms.MultipleChoiceField(label="Chosen boards", required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, data: Mapping[str, Any] | None, **context: Any) -> None:
        super().__init__(data, **context)
        known = [(board.remote_id, _board_label(board.name, board.is_active)) for board in self.catalog.boards]
        set_choices(self, "boards", with_unknown(known, self.settings.boards or []))

    def initial_values(self) -> dict[str, Any]:
        return {"boards_mode": ALL if self.settings.boards is None else CHOSEN, "boards": self.settings.boards or []}

    def changes(self) -> dict[str, Any]:
        everything = self.cleaned_data["boards_mode"] == ALL
        return {"boards": None if everything else self.cleaned_data["boards"]}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("boards_mode") == CHOSEN and not cleaned.get("boards"):
            self.add_error("boards", "Choose at least one board, or all boards.")
        return cleaned


class RangeForm(ScopeForm):
    """How far back closed tickets are read, and which records beside tickets."""

    date_range = forms.ChoiceField(
        label="Closed tickets",
        help_text="Open tickets are always read, whatever their age. A shorter range makes full syncs faster.",
    )
    streams = forms.MultipleChoiceField(
        label="Beside tickets and companies",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Boards, statuses, priorities and members are always read: tickets need them.",
    )
    fields_mode = forms.ChoiceField(
        label="Custom fields of tickets",
        widget=forms.RadioSelect,
        choices=FIELD_MODES,
    )
    custom_fields = forms.MultipleChoiceField(
        label="Chosen fields", required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, data: Mapping[str, Any] | None, **context: Any) -> None:
        super().__init__(data, **context)
        days = self.settings.date_range_days
        ranges = [(str(value), f"Changed within {words}") for value, words in RANGES]
        if days is not None and str(days) not in dict(ranges):
            ranges = sorted(
                [*ranges, (str(days), f"Changed within {range_words(days)}")], key=lambda pair: int(pair[0])
            )
        set_choices(self, "date_range", [*ranges, (ALL, "All, however old")])
        set_choices(self, "streams", [(name, optional_words(name)) for name in self._optional()])
        fields = told_apart(self.catalog.custom_fields)
        set_choices(self, "custom_fields", with_unknown(fields, self.settings.custom_fields or []))

    def _optional(self) -> list[str]:
        return optional_streams(self.provider)

    def initial_values(self) -> dict[str, Any]:
        wanted = self.settings
        days, fields = wanted.date_range_days, wanted.custom_fields
        return {
            "date_range": ALL if days is None else str(days),
            "streams": self._optional() if wanted.streams is None else wanted.streams,
            "fields_mode": mode_of(fields),
            "custom_fields": fields or [],
        }

    def changes(self) -> dict[str, Any]:
        values, optional = self.cleaned_data, self._optional()
        fields = chosen_of(values["fields_mode"], values["custom_fields"])
        chosen = values["streams"]
        unchosen = {companion for name, companion in COMPANIONS.items() if name not in chosen}
        essential = [spec.name for spec in self.provider.streams if spec.name not in {*optional, *unchosen}]
        return {
            "date_range_days": None if values["date_range"] == ALL else min(int(values["date_range"]), LONGEST_RANGE),
            "streams": None if len(chosen) == len(optional) else [*essential, *chosen],
            "custom_fields": fields,
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("fields_mode") == CHOSEN and not cleaned.get("custom_fields"):
            self.add_error("custom_fields", "Choose at least one field, or none of them.")
        return cleaned


class CompaniesForm(ScopeForm):
    """Which companies are read, with all that is of them, and which of their own fields. What the system does not have is not asked."""

    company_types_mode = forms.ChoiceField(
        label="Types of companies",
        required=False,
        widget=forms.RadioSelect,
        choices=[(ALL, "Companies of all types, and of none"), (CHOSEN, "Only companies of the types chosen here")],
    )
    company_types = forms.MultipleChoiceField(label="Chosen types", required=False, widget=forms.CheckboxSelectMultiple)
    company_statuses_mode = forms.ChoiceField(
        label="Statuses of companies",
        required=False,
        widget=forms.RadioSelect,
        choices=[(ALL, "Companies in all statuses"), (CHOSEN, "Only companies in the statuses chosen here")],
    )
    company_statuses = forms.MultipleChoiceField(
        label="Chosen statuses", required=False, widget=forms.CheckboxSelectMultiple
    )
    company_fields_mode = forms.ChoiceField(
        label="Custom fields of companies",
        required=False,
        widget=forms.RadioSelect,
        choices=FIELD_MODES,
    )
    company_fields = forms.MultipleChoiceField(
        label="Chosen fields", required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, data: Mapping[str, Any] | None, **context: Any) -> None:
        super().__init__(data, **context)
        own = {
            "company_types": [(c.remote_id, _company_label(c)) for c in self.catalog.company_types or ()],
            "company_statuses": [(c.remote_id, _company_label(c)) for c in self.catalog.company_statuses or ()],
            "company_fields": told_apart(self.catalog.company_fields),
        }
        for name, known in own.items():
            choices = with_unknown(known, getattr(self.settings, name) or [])
            set_choices(self, name, choices)
            if not choices:
                del self.fields[name], self.fields[f"{name}_mode"]

    @property
    def asked_about_companies(self) -> list[str]:
        """The settings of this form that there is anything to choose of."""
        return [name for name in ("company_types", "company_statuses", "company_fields") if name in self.fields]

    def initial_values(self) -> dict[str, Any]:
        return chosen_initially(self.settings, ("company_types", "company_statuses", "company_fields"))

    def changes(self) -> dict[str, Any]:
        return chosen_changes(self.cleaned_data, self.asked_about_companies)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        nouns = {"company_types": "type", "company_statuses": "status", "company_fields": "field"}
        for name in self.asked_about_companies:
            if cleaned.get(f"{name}_mode") == CHOSEN and not cleaned.get(name):
                rest = "none of them" if name == "company_fields" else "all of them"
                self.add_error(name, f"Choose at least one {nouns[name]}, or {rest}.")
        return cleaned


def mode_of(chosen: Sequence[str] | None) -> str:
    """The mode that a setting of chosen ids is in."""
    return ALL if chosen is None else CHOSEN if chosen else NONE


def chosen_of(mode: str, chosen: list[str]) -> list[str] | None:
    """The setting that a mode and the ids beside it say."""
    known: dict[str, list[str] | None] = {ALL: None, NONE: []}
    return known.get(mode, chosen)


def chosen_initially(settings: ConnectionSettings, names: Iterable[str]) -> dict[str, Any]:
    """The inputs of settings that have a mode, ``<name>_mode``, and the chosen ids, ``<name>``."""
    values: dict[str, Any] = {}
    for name in names:
        chosen = getattr(settings, name)
        values |= {f"{name}_mode": mode_of(chosen), name: chosen or []}
    return values


def chosen_changes(values: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """What such inputs say; one whose mode was not sent changes nothing."""
    return {name: chosen_of(values[f"{name}_mode"], values[name]) for name in names if values[f"{name}_mode"]}


def set_choices(form: forms.Form, name: str, choices: Sequence[tuple[str, str]]) -> None:
    """What a field of the form offers: (value, words)."""
    field = form.fields[name]
    if isinstance(field, forms.ChoiceField):
        field.choices = list(choices)


def with_unknown(known: Sequence[tuple[str, str]], chosen: Sequence[str]) -> list[tuple[str, str]]:
    """What is chosen stays choosable though the PSA no longer offers it, so that saving does not drop it in silence."""
    gone = [value for value in chosen if value not in dict(known)]
    return [*known, *((value, f"{value} (no longer offered)") for value in gone)]


def _company_label(choice: CompanyChoice) -> str:
    return choice.name if choice.is_active else f"{choice.name} (inactive)"


def _board_label(name: str, active: bool) -> str:
    return name if active else f"{name} (inactive)"
