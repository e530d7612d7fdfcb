"""Forms of the connection pages. They check shape; rules are the services'."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

import msgspec
from django import forms

from integrations.models import Connection
from integrations.port import CredentialField, Provider
from integrations.settings_schema import LIMITS, ConnectionSettings, settings_from
from portal.web.versions import VersionedForm
from sync.models import Schedule

NAME_LENGTH = 100


class NameForm(VersionedForm):
    """What people call a connection."""

    name = forms.CharField(label="Name", max_length=NAME_LENGTH, help_text="What your team will call this connection.")


class SettingsForm(VersionedForm):
    """Some of a connection's settings: those in ``names``. ``numbers``: {name: (label, help)} of those that are whole numbers; their
    limits are the settings' own."""

    names: ClassVar[Collection[str]] = ()
    numbers: ClassVar[Mapping[str, tuple[str, str]]] = {}

    def __init__(self, data: Mapping[str, Any] | None, *, settings: ConnectionSettings) -> None:
        super().__init__(data, initial={name: getattr(settings, name) for name in self.names})
        self.settings = settings
        for name in self.names:
            if name in self.numbers:
                self.fields[name] = number_field(*self.numbers[name], *LIMITS[name])

    def chosen(self) -> ConnectionSettings:
        """All settings, with those of this form as typed."""
        return settings_from({**msgspec.to_builtins(self.settings), **self.cleaned_data})


def number_field(label: str, help_text: str, least: int, most: int) -> forms.IntegerField:
    """A whole number that says its limits when it is outside of them."""
    said = f"Enter a whole number from {least:,} to {most:,}."
    errors = dict.fromkeys(("required", "invalid", "min_value", "max_value"), said)
    return forms.IntegerField(
        label=label, help_text=help_text, min_value=least, max_value=most, error_messages=errors, label_suffix=""
    )


class CredentialsForm(forms.Form):
    """One input per credential of the system. ``saved``: names of those that are stored; they may stay empty."""

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        provider: Provider,
        saved: Collection[str] = (),
        initial: Mapping[str, str] | None = None,
        named: bool = False,
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))
        if named:
            self.fields["name"] = forms.CharField(
                label="Name", max_length=NAME_LENGTH, help_text="What your team will call this connection."
            )
        for spec in provider.credential_fields:
            self.fields[spec.name] = _input(spec, spec.name in saved)

    def credentials(self) -> dict[str, str]:
        """What was typed, without the name."""
        return {name: str(value) for name, value in self.cleaned_data.items() if name != "name"}


def _input(spec: CredentialField, saved: bool) -> forms.CharField:
    attrs = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"}
    hidden_once_saved = saved and spec.kind in {"key", "secret"}
    if hidden_once_saved:
        attrs["placeholder"] = "Saved. Leave empty to keep it."
    if spec.kind == "url":
        attrs["inputmode"] = "url"
    widget = (
        forms.PasswordInput(attrs={**attrs, "autocomplete": "new-password"})
        if spec.kind == "secret"
        else forms.TextInput(attrs)
    )
    required = spec.required and not hidden_once_saved
    # "Optional" beside a saved secret would be wrong: it is needed, and there.
    field = forms.CharField(label=spec.label, help_text=spec.help, required=required, widget=widget, max_length=500)
    field.label_suffix = ""
    return field


class ScheduleForm(VersionedForm):
    """A connection's times."""

    QUICK = (
        (0, "Off"),
        (1, "Every minute"),
        (2, "Every 2 minutes"),
        (5, "Every 5 minutes"),
        (10, "Every 10 minutes"),
        (15, "Every 15 minutes"),
        (30, "Every 30 minutes"),
        (60, "Every hour"),
        (120, "Every 2 hours"),
        (240, "Every 4 hours"),
    )
    WINDOWS = (
        (0, "Exactly then"),
        (30, "Within 30 minutes"),
        (60, "Within an hour"),
        (120, "Within 2 hours"),
        (240, "Within 4 hours"),
    )
    KINDS = (("full", "Full: compare everything"), ("quick", "Quick, with a full one now and then"))
    EVERY = (("week", "Weekly"), ("month", "Monthly"), ("quarter", "Quarterly"))

    quick_minutes = forms.TypedChoiceField(
        label="Quick sync", coerce=int, help_text="Reads only what changed since the last one."
    )
    nightly_on = forms.BooleanField(label="Sync every night", required=False)
    nightly_at = forms.TimeField(label="Not before", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    window_minutes = forms.TypedChoiceField(
        label="Starts", coerce=int, help_text="Spreading nightly syncs keeps them from all asking at the same moment."
    )
    nightly_kind = forms.ChoiceField(label="Nightly kind", choices=KINDS, widget=forms.RadioSelect)
    full_every = forms.ChoiceField(label="Full one", choices=EVERY, help_text="Counts only when nightlies are quick.")

    def __init__(self, data: Mapping[str, Any] | None, *, schedule: Schedule, zone: str) -> None:
        super().__init__(data, initial={name: getattr(schedule, name) for name in self.base_fields})
        for name, known in (("quick_minutes", self.QUICK), ("window_minutes", self.WINDOWS)):
            field = self.fields[name]
            if isinstance(field, forms.TypedChoiceField):
                field.choices = _with_current(known, getattr(schedule, name))
        self.fields["nightly_at"].help_text = f"Local time in {zone}."


def _with_current(known: tuple[tuple[int, str], ...], current: int) -> list[tuple[int, str]]:
    if current in dict(known):
        return list(known)
    return sorted([*known, (current, f"{current} minutes")])


class RemoveForm(forms.Form):
    """Removing takes the connection's name."""

    confirm_name = forms.CharField(label="Name")

    def __init__(self, data: Mapping[str, Any] | None, *, connection: Connection) -> None:
        super().__init__(data)
        self.expected = connection.name

    def clean_confirm_name(self) -> str:
        """Raises ValidationError unless it is the name, surrounding blanks aside."""
        typed: str = self.cleaned_data["confirm_name"]
        if typed.strip() != self.expected.strip():
            raise forms.ValidationError("The name does not match.")
        return typed
