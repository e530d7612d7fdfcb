"""What is synced from each system, what it does not offer, and what is not supported and why: read off the code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from integrations.port import Limit, Provider, Reach, StreamSpec

AREAS = {
    "boards": "Boards or queues",
    "statuses": "Ticket statuses",
    "types": "Ticket types",
    "subtypes": "Ticket subtypes",
    "items": "Ticket items",
    "teams": "Teams",
    "priorities": "Priorities",
    "members": "Members",
    "company_statuses": "Company statuses",
    "company_types": "Company types",
    "companies": "Companies",
    "sites": "Sites",
    "contacts": "Contacts",
    "assets": "Assets",
    "products": "Products",
    "agreements": "Agreements",
    "agreement_additions": "Additions of agreements",
    "tickets": "Tickets",
    "notes": "Ticket notes",
    "time_entries": "Time entries",
    "opportunity_statuses": "Opportunity statuses",
    "opportunities": "Opportunities",
    "invoices": "Invoices",
}
"""Every stream that there is a store for, in words, in the order of a sync."""
SYNCED, NOT_OFFERED, NOT_SUPPORTED = "Synced", "Not offered", "Not supported"
UNREAD = "MSPortal does not read it from this system."


class Capability(msgspec.Struct, frozen=True, kw_only=True):
    """One stream of one system. ``how``: how it is read; ``notes``: what is left out of it, or why all of it is."""

    stream: str
    label: str
    state: str
    how: str = ""
    permission: str = ""
    notes: list[str] = []


def capabilities_of(provider: Provider) -> list[Capability]:
    """One line for each stream that there is a store for."""
    specs = {spec.name: spec for spec in provider.streams}
    limits: dict[str, list[Limit]] = {}
    for limit in limits_of(provider):
        limits.setdefault(limit.stream, []).append(limit)
    return [_capability(name, specs.get(name), limits.get(name, [])) for name in AREAS]


def limits_of(provider: Provider) -> Sequence[Limit]:
    """What the system's adapter says that it leaves out; an adapter may have nothing to say."""
    return getattr(provider, "limits", ())


def capabilities_document(providers: Sequence[Provider]) -> str:
    """``docs/capabilities.md``: a table for each system."""
    return "\n".join(_lines(providers)) + "\n"


def _capability(name: str, spec: StreamSpec | None, limits: Sequence[Limit]) -> Capability:
    why = [limit.why for limit in limits]
    if spec is not None:
        how = _how(spec)
        return Capability(stream=name, label=AREAS[name], state=SYNCED, how=how, permission=spec.permission, notes=why)
    state = NOT_OFFERED if limits and not any(limit.offered for limit in limits) else NOT_SUPPORTED
    return Capability(stream=name, label=AREAS[name], state=state, notes=why or [UNREAD])


def _how(spec: StreamSpec) -> str:
    if spec.reach is Reach.PER_PARENT:
        return f"one request for each of the {AREAS.get(spec.parent, spec.parent).lower()}"
    return "all of them at full syncs, else what changed" if spec.incremental else "all of them each time"


def _lines(providers: Sequence[Provider]) -> Iterator[str]:
    yield "# What is synced from which system"
    yield ""
    yield "Made by `manage.py connection capabilities --markdown`; do not edit by hand."
    for provider in providers:
        yield from ("", f"## {provider.name}", "", "| | state | how it is read | right of the key | left out |")
        yield "|---|---|---|---|---|"
        for row in capabilities_of(provider):
            yield f"| {row.label} | {row.state} | {row.how} | {row.permission} | {' '.join(row.notes)} |"
