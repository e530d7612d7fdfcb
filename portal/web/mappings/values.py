"""The organization's own statuses, priorities, categories and custom fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from foundation.core.client_input import number_of
from foundation.core.errors import Refused
from mappings.kinds import KINDS, VALUE_KINDS, Kind
from mappings.models import PortalValue
from mappings.selectors.values import portal_values as values_of
from mappings.services.values import Change, value_add, value_remove, values_change, values_held, values_prepare
from portal.web.access import requires
from portal.web.mappings.labels import TONE_CHOICES
from portal.web.mappings.page import found_kind
from portal.web.request import PortalRequest
from portal.web.versions import VERSION, changed_since, stale_words, version_of

LABELS = {"name": "Name", "tone": "Colour", "data_type": "Type", "position": "Place"}
LAST = 10_000
"""The highest place in a list."""


class ValueForm(forms.Form):
    """A new value; custom fields have a type, the others a colour."""

    name = forms.CharField(label="Name", max_length=100)
    tone = forms.ChoiceField(label="Colour", choices=TONE_CHOICES, required=False)
    data_type = forms.ChoiceField(label="Type", choices=PortalValue.DataType.choices, required=False)

    def __init__(self, data: Mapping[str, Any] | None, *, kind: Kind) -> None:
        super().__init__(data)
        del self.fields["tone" if kind.key == "field" else "data_type"]


@require_http_methods(["GET", "POST"])
@requires("manage_integrations")
def portal_values(request: PortalRequest, slug: str) -> HttpResponse:
    """The values of a kind: rename, recolour, move, add, remove."""
    kind = found_kind(slug)
    if kind.key not in VALUE_KINDS:
        raise Http404("There are no such values.")
    values_prepare()
    if request.method == "GET":
        return _page(request, kind, ValueForm(None, kind=kind))
    do = request.POST.get("do", "")
    form = ValueForm(request.POST if do == "add" else None, kind=kind)
    try:
        said = _done(request, kind, do, form)
    except Refused as err:
        return _page(request, kind, form, error=err.message)
    if not said:
        return _page(request, kind, form, error="Look at the marked field.")
    messages.success(request, said)
    return redirect(request.path)


def _done(request: PortalRequest, kind: Kind, do: str, form: ValueForm) -> str:
    """What was done, in a sentence; "" where the form says what is wrong. Raises Refused."""
    if do == "add":
        if not form.is_valid():
            return ""
        value_add(kind=kind.key, actor=request.user, **form.cleaned_data)
        return f"“{form.cleaned_data['name']}” is added."
    rows = {str(value.pk): value for value in values_held(kind.key)}
    if do.startswith("remove:"):
        value = rows.get(do.removeprefix("remove:"))
        if value is None:
            raise Refused("This value is not here any more.")
        value_remove(value=value, actor=request.user)
        return f"“{value.name}” is removed."
    changes = _changes(request, rows)
    values_change(changes=changes, actor=request.user)
    return "Saved."


def _stored(value: PortalValue) -> dict[str, Any]:
    """The inputs' values of a row."""
    return {name: getattr(value, name) for name in LABELS}


def _changes(request: PortalRequest, rows: Mapping[str, PortalValue]) -> list[Change]:
    """What was typed. Raises Refused where it would take back what somebody else saved since; the rows keep what was typed."""
    changes, lost = [], []
    for key, value in rows.items():
        if f"name:{key}" in request.POST:
            changes.append(_change(request, key, value))
            stored = _stored(value)
            since = changed_since(request.POST.get(f"{VERSION}:{key}", ""), stored)
            differing = (name for name in sorted(since) if request.POST.get(f"{name}:{key}", "") != str(stored[name]))
            lost += [(f"{LABELS[name]} of {value.name}", str(stored[name])) for name in differing]
    if lost:
        raise Refused(stale_words(lost))
    return changes


def _change(request: PortalRequest, key: str, value: PortalValue) -> Change:
    typed = {name: request.POST.get(f"{name}:{key}", "") for name in ("name", "tone", "data_type", "position")}
    place = number_of(typed.pop("position"))
    return Change(value, position=None if place is None else min(place, LAST), **typed)


def _row(typed: Mapping[str, str], value: PortalValue) -> tuple[PortalValue, str]:
    """(the value with what was typed and not saved, its version as it is stored)."""
    version = version_of(_stored(value))
    for name in LABELS:
        setattr(value, name, typed.get(f"{name}:{value.pk}", getattr(value, name)))
    return value, version


def _page(request: PortalRequest, kind: Kind, form: ValueForm, error: str = "") -> HttpResponse:
    context = {
        "kind": kind,
        "kinds": [KINDS[key] for key in VALUE_KINDS],
        "values": [_row(request.POST if error else {}, value) for value in values_of(kind.key)],
        "form": form,
        "error": error,
        "tones": TONE_CHOICES,
        "types": PortalValue.DataType.choices,
    }
    return render(request, "mappings/values.html", context, status=422 if error else 200)
