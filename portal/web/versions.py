"""Forms of stored values that do not save over what somebody else saved since they were shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any, cast

from django import forms
from django.utils.html import format_html
from django.utils.safestring import SafeString

VERSION = "version"
"""The name of the hidden input in which a form says which values it was shown with."""
LISTED = 5


def version_of(values: Mapping[str, Any]) -> str:
    """The version of a row's values: a short digest of each, so that a stale one tells which are others now."""
    return " ".join(f"{name}={_digest(value)}" for name, value in sorted(values.items()))


def changed_since(version: str, values: Mapping[str, Any]) -> set[str]:
    """The names of those values that are not what they were at ``version``; none where the version says nothing of them."""
    seen = dict(part.split("=", 1) for part in version.split() if "=" in part)
    return {name for name, value in values.items() if name in seen and seen[name] != _digest(value)}


class VersionedForm(forms.Form):
    """A form whose ``initial`` is what is stored now. Show ``version_input`` in it, and read what is stored under a lock before saving:
    of two who save at once the second is told what the first one saved. What he typed stays; saving once more replaces the other's."""

    @property
    def version_input(self) -> SafeString:
        """The hidden input, always with the version of what is stored now: whoever was told of a change has seen it."""
        return format_html('<input type="hidden" name="{}" value="{}">', VERSION, version_of(self.initial))

    def clean(self) -> dict[str, Any]:
        """Refuses what would take back somebody else's change."""
        cleaned = super().clean() or self.cleaned_data
        lost = self._would_be_lost()
        if lost:
            self.add_error(None, stale_words(lost))
        return cleaned

    def _would_be_lost(self) -> list[tuple[str, str]]:
        """(label, what is stored now) of each field that somebody else changed and that this form would change back."""
        since = changed_since(str(self.data.get(VERSION, "")), self.initial)
        return [
            (str(field.label or name), shown_value(field, self.initial[name]))
            for name, field in self.fields.items()
            if name in since and _plain(self.cleaned_data.get(name)) != _plain(self.initial[name])
        ]


def shown_value(field: forms.Field, value: Any) -> str:
    """A stored value as its field words it."""
    if isinstance(field, forms.BooleanField):
        return "on" if value else "off"
    if isinstance(field, forms.ChoiceField):
        offered = cast("Iterable[tuple[Any, Any]]", field.choices)
        words = {str(key): str(label) for key, label in offered if not isinstance(label, list | tuple)}
        chosen = [words.get(key, key) for key in _plain(value)]
        rest = len(chosen) - LISTED
        return ", ".join(chosen[:LISTED]) + (f" and {rest} more" if rest > 0 else "") if chosen else "nothing chosen"
    return str(value) if value not in (None, "") else "empty"


def stale_words(changes: Iterable[tuple[str, str]]) -> str:
    """What somebody else saved, in a sentence."""
    named = "; ".join(f"“{label}” is now: {value}" for label, value in changes)
    return (
        f"This was saved by somebody else, or in another window, since you opened the page, so nothing of yours was saved. {named}. "
        "What you entered is kept below: change it, or save once more to replace what they saved."
    )


def _digest(value: Any) -> str:
    return blake2b("\x1f".join(_plain(value)).encode("utf-8", "replace"), digest_size=6).hexdigest()


def _plain(value: Any) -> list[str]:
    """A value in one form, however it came: sets and lists in order, texts for numbers and times, nothing for none."""
    if value is None or value == "":
        return []
    if isinstance(value, list | tuple | set | frozenset):
        return sorted(map(str, value))
    return [str(value)]
