"""What people enter about runs, and the filters of their lists."""

from __future__ import annotations

from typing import Any, cast
from zoneinfo import ZoneInfo

from django import forms

from foundation.core.client_input import midnight
from sync.models import Run, RunLog
from sync.selectors.history import OPEN, HistoryFilter
from sync.selectors.items import FAILED, ItemFilter
from sync.selectors.logs import LogFilter
from sync.selectors.pending_removals import VictimFilter

RESULT_CHOICES = [(OPEN, "Open"), *Run.Result.choices]
KIND_CHOICES = [
    (kind.value, kind.label) for kind in (Run.Kind.QUICK, Run.Kind.FULL, Run.Kind.CLEAR_RESYNC, Run.Kind.PREVIEW)
]
ACTION_CHOICES = [
    (FAILED, "Failed"),
    ("created", "Created"),
    ("updated", "Updated"),
    ("removed", "Removed"),
    ("restored", "Restored"),
]
PREVIEW_CHOICES = [
    (FAILED, "Could not be read"),
    ("created", "Would be created"),
    ("updated", "Would be updated"),
    ("removed", "Would be removed"),
    ("restored", "Would come back"),
    ("skipped", "Skipped"),
]
LEVEL_CHOICES = [("info", "Info and above"), ("warning", "Warning and above"), ("error", "Error")]


class ClearForm(forms.Form):
    """A full clear and resync wants a reason and the connection's name."""

    reason = forms.CharField(label="Reason", max_length=500, help_text="Kept with the run and in the audit log.")
    confirm_name = forms.CharField(max_length=200)

    def __init__(self, *args: Any, name: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.name = name

    def clean_confirm_name(self) -> str:
        """The connection's name, exactly."""
        typed = str(self.cleaned_data["confirm_name"]).strip()
        if typed != self.name.strip():
            raise forms.ValidationError(f"This is not the connection's name. Type “{self.name}”.")
        return typed


class ApplyForm(forms.Form):
    """Applying what a preview read."""

    reason = forms.CharField(label="Reason", required=False, max_length=500, help_text="Kept with the run, if given.")


class DecisionForm(forms.Form):
    """Approving or rejecting a held run, with a reason."""

    decision = forms.ChoiceField(choices=[("approve", "Approve"), ("reject", "Reject")])
    reason = forms.CharField(max_length=500)


class WithheldForm(forms.Form):
    """Removing what a run withheld of a stream, or keeping it, with a reason."""

    decision = forms.ChoiceField(choices=[("approve", "Remove"), ("keep", "Keep")])
    stream = forms.SlugField(max_length=32)
    reason = forms.CharField(max_length=500)


class DismissForm(forms.Form):
    """Dismissing failures wants a reason."""

    reason = forms.CharField(label="Reason", max_length=500, help_text="Others see it here and in the audit log.")


class AbsenceForm(forms.Form):
    """Which ticket is missed, and of which connection."""

    connection = forms.TypedChoiceField(label="Connection", coerce=int)
    ticket = forms.CharField(
        label="Ticket",
        max_length=500,
        help_text="The number that the PSA shows, or the address of the ticket's page there.",
    )

    def __init__(self, *args: Any, connections: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast(forms.TypedChoiceField, self.fields["connection"])
        field.choices = connections
        if len(connections) == 1:
            self.fields["connection"].widget = forms.HiddenInput()
            self.fields["connection"].initial = connections[0][0]


class UndoForm(forms.Form):
    """Undoing a run wants a reason."""

    reason = forms.CharField(label="Reason", max_length=500, help_text="Kept with the run and in the audit log.")


class VictimsForm(forms.Form):
    """The filters of what a held run would remove."""

    stream = forms.SlugField(required=False, max_length=32)
    q = forms.CharField(required=False, max_length=200)
    company = forms.CharField(required=False, max_length=64)
    board = forms.CharField(required=False, max_length=64)

    def chosen(self) -> VictimFilter:
        """The filter; what does not parse filters nothing."""
        self.is_valid()
        values = self.cleaned_data
        return VictimFilter(*(values.get(name, "") for name in ("stream", "q", "company", "board")))


class HistoryForm(forms.Form):
    """The filters of the history, from its address. What does not parse filters nothing."""

    connection = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    result = forms.ChoiceField(required=False, choices=RESULT_CHOICES)
    kind = forms.ChoiceField(required=False, choices=KIND_CHOICES)
    trigger = forms.ChoiceField(required=False, choices=Run.Trigger.choices)
    person = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    since = forms.DateField(required=False)
    until = forms.DateField(required=False)

    def chosen(self, zone: ZoneInfo) -> HistoryFilter:
        """The filter; dates are whole days of ``zone``, the last one included."""
        self.is_valid()
        values = {name: value for name, value in self.cleaned_data.items() if value}
        since, until = values.pop("since", None), values.pop("until", None)
        values |= {"since": midnight(since, zone), "until": midnight(until, zone, days=1)}
        return HistoryFilter(**values)


class ItemsForm(forms.Form):
    """The filters of a run's items."""

    stream = forms.SlugField(required=False, max_length=32)
    action = forms.ChoiceField(required=False, choices=PREVIEW_CHOICES)
    q = forms.CharField(required=False, max_length=200)

    def chosen(self) -> ItemFilter:
        """The filter; what does not parse filters nothing."""
        self.is_valid()
        values = self.cleaned_data
        return ItemFilter(values.get("stream", ""), values.get("action", ""), values.get("q", ""))


class LogForm(forms.Form):
    """The filters of a run's log."""

    level = forms.ChoiceField(required=False, choices=RunLog.Level.choices)
    stream = forms.SlugField(required=False, max_length=32)
    q = forms.CharField(required=False, max_length=200)

    def chosen(self) -> LogFilter:
        """The filter; what does not parse filters nothing."""
        self.is_valid()
        values = self.cleaned_data
        return LogFilter(values.get("level", ""), values.get("stream", ""), values.get("q", ""))
