"""Everything of Ticket Settings in one form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from integrations.settings_schema import RECORD_FIELDS
from portal.web.integrations.scope_forms import (
    CHOSEN,
    FIELD_MODES,
    BoardsForm,
    CompaniesForm,
    RangeForm,
    ScopeForm,
    chosen_changes,
    chosen_initially,
    optional_words,
    set_choices,
    told_apart,
    with_unknown,
)


class RecordFieldsForm(ScopeForm):
    """Which custom fields are kept of contacts, assets, agreements …; of each kind that the PSA's owner defined any for."""

    def __init__(self, data: Mapping[str, Any] | None, **context: Any) -> None:
        super().__init__(data, **context)
        for stream, name in RECORD_FIELDS.items():
            chosen = getattr(self.settings, name) or []
            choices = with_unknown(told_apart(self.catalog.record_fields.get(stream, [])), chosen)
            if choices:
                self._ask(stream, name)
                set_choices(self, name, choices)

    def _ask(self, stream: str, name: str) -> None:
        self.fields[f"{name}_mode"] = forms.ChoiceField(
            label=f"Custom fields of {optional_words(stream).lower()}",
            required=False,
            widget=forms.RadioSelect,
            choices=FIELD_MODES,
        )
        self.fields[name] = forms.MultipleChoiceField(
            label="Chosen fields", required=False, widget=forms.CheckboxSelectMultiple
        )

    @property
    def asked_of_records(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """(how many, which ones) of each kind of record that there is anything to choose of."""
        return [(self[f"{name}_mode"], self[name]) for name in RECORD_FIELDS.values() if name in self.fields]

    def initial_values(self) -> dict[str, Any]:
        return chosen_initially(self.settings, RECORD_FIELDS.values())

    def changes(self) -> dict[str, Any]:
        return chosen_changes(self.cleaned_data, [name for name in RECORD_FIELDS.values() if name in self.fields])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name in RECORD_FIELDS.values():
            if cleaned.get(f"{name}_mode") == CHOSEN and not cleaned.get(name):
                self.add_error(name, "Choose at least one field, or none of them.")
        return cleaned


class TicketSettingsForm(BoardsForm, CompaniesForm, RangeForm, RecordFieldsForm):
    """Everything of Ticket Settings. Statuses are chosen by board: a name may stand for several statuses."""

    excluded_statuses = forms.MultipleChoiceField(
        label="Excluded statuses", required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, data: Mapping[str, Any] | None, **context: Any) -> None:
        super().__init__(data, **context)
        known = [(status.remote_id, status.name) for board in self.catalog.boards for status in board.statuses]
        known += [(status.remote_id, status.name) for status in self.catalog.statuses]
        set_choices(self, "excluded_statuses", with_unknown(known, self.settings.excluded_statuses))

    def initial_values(self) -> dict[str, Any]:
        own = {"excluded_statuses": self.settings.excluded_statuses}
        kinds = (BoardsForm, CompaniesForm, RangeForm, RecordFieldsForm)
        return {name: value for kind in kinds for name, value in kind.initial_values(self).items()} | own

    def changes(self) -> dict[str, Any]:
        own = {"excluded_statuses": self.cleaned_data["excluded_statuses"]}
        kinds = (BoardsForm, CompaniesForm, RangeForm, RecordFieldsForm)
        return {name: value for kind in kinds for name, value in kind.changes(self).items()} | own
