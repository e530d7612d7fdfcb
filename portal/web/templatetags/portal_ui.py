"""Filters and tags of every template: rights, navigation, times, numbers, attributes, sort links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import template
from django.template import Context
from django.utils.html import conditional_escape, format_html_join
from django.utils.safestring import SafeString

from portal.web.bodies import body_shown
from portal.web.wording import (
    UNKNOWN,
    Moment,
    amount_words,
    counted,
    digits,
    exact,
    initials_of,
    moment,
    places_of,
    relative,
    spell_duration,
    zone_of,
)

register = template.Library()

TONES = {
    "ok": "check",
    "info": "info",
    "warn": "alert",
    "bad": "x-circle",
    "neutral": "circle",
    "running": "progress",
}


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """One entry of the navigation: shown to whoever has ``permission`` ("" = everybody who is signed in).

    ``also``: where other pages of its area begin.
    """

    label: str
    path: str
    icon: str
    permission: str = ""
    key: str = ""
    group: str = "main"
    also: str = ""

    def covers(self, path: str) -> bool:
        """Whether the page at ``path`` belongs to this entry."""
        inside = self.path != "/" and path.startswith(self.path)
        return path == self.path or inside or bool(self.also and path.startswith(self.also))


NAVIGATION = (
    NavigationItem("Dashboard", "/", "dashboard", key="d"),
    NavigationItem("Tickets", "/tickets/", "ticket", "view_tickets", key="t"),
    NavigationItem("Clients", "/clients/", "building", "view_clients", key="c"),
    NavigationItem("Sync history", "/sync/history/", "history", "view_integration_logs", key="h", also="/sync/runs/"),
    NavigationItem("Issues", "/sync/issues/", "alert", "view_integration_logs", key="x", also="/sync/missing/"),
    NavigationItem(
        "Integrations",
        "/settings/integrations/",
        "plug",
        "manage_integrations",
        key="i",
        group="settings",
        also="/sync/connections/",
    ),
    NavigationItem("People", "/settings/people/", "people", "manage_users", key="p", group="settings"),
    NavigationItem("Roles", "/settings/roles/", "shield", "manage_users", key="r", group="settings"),
    NavigationItem("Audit", "/settings/audit/", "log", "view_audit", key="a", group="settings"),
)


@dataclass(frozen=True, slots=True)
class ShownItem:
    """A navigation entry on one page; ``current`` marks the area that the page belongs to."""

    item: NavigationItem
    current: bool


@dataclass(frozen=True, slots=True)
class SortState:
    """How a column is sorted now, and the value of ``?sort=`` that its header leads to."""

    direction: str
    next: str


@register.filter
def can(holder: Any, permission: str) -> bool:
    """Whether the request (or the access object itself) carries ``permission``; nobody's request carries none."""
    access = getattr(holder, "access", holder)
    allows = getattr(access, "can", None)
    return bool(allows and allows(permission))


@register.simple_tag(takes_context=True)
def navigation(context: Context, group: str) -> list[ShownItem]:
    """The entries of ``group`` ("main" or "settings") that the person of the request may open."""
    request = context.get("request")
    path = getattr(request, "path", "")
    allowed = [
        item for item in NAVIGATION if item.group == group and (not item.permission or can(request, item.permission))
    ]
    return [ShownItem(item, item.covers(path)) for item in allowed]


@register.simple_tag(name="moment", takes_context=True)
def moment_tag(context: Context, at: Any) -> Moment | None:
    """``at`` (aware datetime or date) as words, exact words in the organization's zone and ISO 8601; None stays None."""
    organization = getattr(context.get("request"), "organization", None)
    return moment(at, zone_of(organization)) if at else None


@register.filter
def relative_time(at: Any) -> str:
    """As "3 min ago", "in 2 h", "yesterday", or the date when it is a week away; "" for nothing."""
    return relative(at) if at else ""


@register.filter
def exact_time(at: Any, where: Any = None) -> str:
    """As "12 Mar 2026, 14:05:09 CET" in the zone of ``where``: a request, an organization, a zone name, or none (current)."""
    organization = getattr(where, "organization", where)
    return exact(at, zone_of(organization)) if at else ""


@register.filter
def count(number: Any) -> str:
    """A whole number with thousands separators; an en dash for nothing known."""
    return counted(number)


@register.filter
def money(value: Any, currency: str = "") -> str:
    """An amount with its currency; an en dash for none."""
    return amount_words(value, currency) or UNKNOWN


@register.filter
def quantity(value: Any) -> str:
    """A decimal number with the places that it needs; an en dash for none."""
    return UNKNOWN if value is None or not value.is_finite() else digits(value, places_of(value))


@register.filter
def body(text: str, body_format: str) -> SafeString:
    """A longer text of the PSA as what it is ("plain", "html" or "markdown"), made safe."""
    return body_shown(text, body_format)


@register.filter
def duration(span: Any) -> str:
    """A timedelta or a number of seconds in words: "420 ms", "12 s", "4 min 10 s", "2 h 5 min", "3 d 4 h"."""
    return spell_duration(span)


@register.filter
def initials(name: Any) -> str:
    """One or two letters that stand for a name; "?" for none."""
    return initials_of(str(name or ""))


@register.filter
def tone_icon(tone: str) -> str:
    """The icon that goes with a tone when a badge names none."""
    return TONES.get(tone, TONES["neutral"])


@register.filter
def attributes(attrs: Any) -> SafeString:
    """A component's leftover attributes, escaped (printing ``attrs`` itself would trust every value)."""
    leftover: Mapping[str, Any] = attrs.attrs_dict() if hasattr(attrs, "attrs_dict") else attrs or {}
    shown = ((name, value) for name, value in leftover.items() if value is not False and value is not None)
    return format_html_join(" ", "{}", ((_attribute(name, value),) for name, value in shown))


def _attribute(name: str, value: Any) -> SafeString:
    if value is True:
        return conditional_escape(name)
    return SafeString(f'{conditional_escape(name)}="{conditional_escape(value)}"')


@register.simple_tag(takes_context=True)
def sort_state(context: Context, key: str, default: str = "") -> SortState:
    """The state of the column ``key`` by ``?sort=`` of the request, or by ``default`` where the address has none."""
    request = context.get("request")
    current = (request.GET.get("sort") if request else "") or default
    if current == key:
        return SortState("ascending", f"-{key}")
    if current == f"-{key}":
        return SortState("descending", key)
    return SortState("none", key)
