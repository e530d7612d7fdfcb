"""The organization's own words: what they begin with, what people add, rename and take away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import IntegrityError, connection, transaction
from django.db.models import Max

from foundation.core.errors import Refused
from foundation.core.plain_line import plain_line
from foundation.tenancy.models import User
from foundation.tenancy.scope import current_organization_id
from foundation.tenancy.services.audit import audit_record
from mappings.kinds import KINDS, VALUE_KINDS
from mappings.models import Client, PortalValue
from mappings.models import Mapping as Mapped
from mappings.vocabulary import BEGINNING, TONES


@dataclass(frozen=True, slots=True)
class Change:
    """What a value is to be; an empty tone or type, and no position, leave what stands."""

    value: PortalValue
    name: str
    tone: str = ""
    data_type: str = ""
    position: int | None = None


def values_prepare() -> None:
    """Gives an organization without any value those of the beginning, in the current tenant transaction."""
    if PortalValue.objects.exists():
        return
    organization = current_organization_id()
    PortalValue.objects.bulk_create(
        [
            PortalValue(organization_id=organization, kind=kind, key=key, name=name, tone=tone, position=place)
            for kind, values in BEGINNING.items()
            for place, (key, name, tone) in enumerate(values)
        ],
        ignore_conflicts=True,
    )


def value_add(
    *, kind: str, name: str, tone: str = "neutral", data_type: str = "", actor: User | None = None
) -> PortalValue:
    """A new value at the end of its kind. Raises Refused for a bad or taken name."""
    if kind not in VALUE_KINDS:
        raise Refused("Only statuses, priorities, categories and custom fields have values of their own.")
    clean = _name(name, PortalValue)
    last = PortalValue.objects.filter(kind=kind).aggregate(last=Max("position"))["last"]
    value = PortalValue(
        organization_id=current_organization_id(),
        kind=kind,
        name=clean,
        tone=tone if tone in TONES else "neutral",
        data_type=(data_type if data_type in PortalValue.DataType else PortalValue.DataType.TEXT)
        if kind == "field"
        else "",
        position=0 if last is None else last + 1,
    )
    _save(value)
    audit_record(action="portal_value.created", target=value, changes={KINDS[kind].one: [None, clean]}, actor=actor)
    return value


def value_change(
    *,
    value: PortalValue,
    name: str,
    tone: str = "",
    data_type: str = "",
    position: int | None = None,
    actor: User | None = None,
) -> None:
    """Renames a value, recolours or moves it; what is mapped to it stays mapped. Raises Refused."""
    before = {"name": value.name, "tone": value.tone, "data_type": value.data_type, "position": value.position}
    value.name = _name(name, PortalValue)
    value.tone = tone if tone in TONES else value.tone
    value.data_type = data_type if value.kind == "field" and data_type in PortalValue.DataType else value.data_type
    value.position = value.position if position is None else position
    changes = {field: [old, getattr(value, field)] for field, old in before.items() if getattr(value, field) != old}
    if changes:
        _save(value)
        audit_record(action="portal_value.changed", target=value, changes=changes, actor=actor)


def values_held(kind: str) -> list[PortalValue]:
    """The values of a kind, which nobody else changes until the transaction ends."""
    return list(PortalValue.objects.filter(kind=kind).order_by("pk").select_for_update(no_key=True))


def values_change(*, changes: Sequence[Change], actor: User | None = None) -> None:
    """Changes several values, all or none. Raises Refused."""
    with transaction.atomic():
        for change in changes:
            value_change(
                value=change.value,
                name=change.name,
                tone=change.tone,
                data_type=change.data_type,
                position=change.position,
                actor=actor,
            )


def value_remove(*, value: PortalValue, actor: User | None = None) -> None:
    """Removes a value that nothing is mapped to. Raises Refused."""
    used = Mapped.objects.filter(value_id=value.pk).count()
    if used:
        raise Refused(
            f"{used:,} {'value is' if used == 1 else 'values are'} mapped to “{value.name}”. Map them to something else first."
        )
    audit_record(action="portal_value.removed", target=value, changes={"name": [value.name, None]}, actor=actor)
    value.delete()


def clients_make(named: Mapping[str, str]) -> dict[str, int]:
    """Clients with these names, made where there are none: {name as given: website} → {name as given: id}. Raises Refused."""
    organization = current_organization_id()
    clean = {name: _name(name, Client) for name in named}
    Client.objects.bulk_create(
        [Client(organization_id=organization, name=clean[name], website=website) for name, website in named.items()],
        ignore_conflicts=True,
    )
    with connection.cursor() as cursor:
        cursor.execute(MADE, [list(clean), list(clean.values()), organization])
        return dict(cursor.fetchall())


MADE = """SELECT w.given, c.id FROM unnest(%s::text[], %s::text[]) AS w (given, clean)
JOIN mappings_client c ON c.organization_id = %s AND lower(c.name) = lower(w.clean)"""


def _name(name: str, model: type[PortalValue] | type[Client]) -> str:
    longest = model._meta.get_field("name").max_length or 0
    clean = plain_line(name)
    if model is Client:
        clean = clean[:longest].strip()
    if not clean or len(clean) > longest:
        raise Refused(f"A name has 1 to {longest} characters.", field="name")
    return clean


def _save(value: PortalValue) -> None:
    try:
        with transaction.atomic():
            value.save()
    except IntegrityError as err:
        raise Refused(
            f"There is already a {KINDS[value.kind].one} called “{value.name}”. Choose another name.", field="name"
        ) from err
