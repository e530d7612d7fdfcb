"""Writing an act: the mappings, what stood before them, and the entry in the audit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection as database

from foundation.core import database_clock
from foundation.tenancy.models import User
from foundation.tenancy.services.audit import audit_record
from integrations.models import Connection
from mappings.kinds import Kind
from mappings.models import Mapping, MappingAct, MappingChange
from mappings.selectors.remote import RemoteName
from mappings.selectors.targets import target_names
from tickets.models import Board

SAID = 20
"""Changes of one act that the audit names; the rest is a number."""
Snapshot = dict[str, Any] | None
"""What a value is mapped to, as the history keeps it: see ``MappingChange``."""


@dataclass(frozen=True, slots=True)
class Line:
    """A value that changes: its row, what stands and what is wanted. ``board``: the only one that it is for."""

    remote: RemoteName
    scope: str
    board: Board | None
    before: Snapshot
    after: Snapshot

    @property
    def label(self) -> str:
        only = f" · only on {self.board.name}" if self.board else ""
        return self.remote.label.removesuffix(only) + only


def act_write(
    connection: Connection,
    kind: Kind,
    lines: Sequence[Line],
    how: str,
    actor: User | None,
    *,
    reverts: MappingAct | None = None,
) -> MappingAct | None:
    """Stores the lines that change anything, with their act and their entry in the audit."""
    changed = [line for line in lines if _target(line.before) != _target(line.after)]
    if not changed:
        return None
    organization, now = connection.organization_id, database_clock.now()
    act: MappingAct = MappingAct.objects.create(
        organization_id=organization,
        connection=connection,
        kind=kind.key,
        how=how,
        count=len(changed),
        at=now,
        by=actor,
        reverts=reverts,
    )
    MappingChange.objects.bulk_create(
        MappingChange(
            organization_id=organization,
            act=act,
            remote_id=line.remote.remote_id,
            scope=line.scope,
            record_id=line.remote.record_id,
            label=line.label,
            before=line.before,
            after=line.after,
        )
        for line in changed
    )
    for scope in {line.scope for line in changed if line.after is None}:
        gone = [line.remote.remote_id for line in changed if line.after is None and line.scope == scope]
        Mapping.objects.filter(connection_id=connection.pk, kind=kind.key, scope=scope, remote_id__in=gone).delete()
    Mapping.objects.bulk_create(
        [_mapping(connection, kind, line, actor, now) for line in changed if line.after is not None],
        update_conflicts=True,
        unique_fields=["connection", "kind", "remote_id", "scope"],
        update_fields=["record_id", "board_id", "value", "client", "user", "how", "reason", "at", "by"],
    )
    sides = [
        [f"{line.label or line.remote.remote_id}: {_word(side)}" for line, side in pairs] for pairs in _sides(changed)
    ]
    more = {"and_more": [None, len(changed) - SAID]} if len(changed) > SAID else {}
    action = "mapping.reverted" if reverts else "mapping.changed"
    audit_record(action=action, target=connection, changes={kind.many: sides} | more, actor=actor)
    return act


def _mapping(connection: Connection, kind: Kind, line: Line, actor: User | None, now: dt.datetime) -> Mapping:
    after = line.after or {}
    return Mapping(
        organization_id=connection.organization_id,
        connection=connection,
        kind=kind.key,
        remote_id=line.remote.remote_id,
        scope=line.scope,
        record_id=line.remote.record_id,
        board_id=line.board.pk if line.board else None,
        how=after.get("how", Mapping.How.PERSON),
        reason=after.get("reason", ""),
        at=now,
        by=actor,
        **{f"{kind.target}_id": after.get(kind.target)},
    )


def serialise(connection: Connection) -> None:
    """One change of a connection's mappings after the other, until the transaction ends."""
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('mappings'), %s::int)", [connection.pk % 2**31])


def boards_named(connection: Connection, scopes: Iterable[str]) -> dict[str, Board]:
    """The boards that scopes name, by remote id."""
    wanted = {scope for scope in scopes if scope}
    rows = Board.objects.filter(connection_id=connection.pk, remote_id__in=wanted) if wanted else []
    return {board.remote_id: board for board in rows}


def standing(connection: Connection, kind: Kind, remote_ids: Iterable[str]) -> dict[tuple[str, str], dict[str, Any]]:
    """What the values are mapped to now, as it is kept in the history."""
    rows = list(Mapping.objects.filter(connection_id=connection.pk, kind=kind.key, remote_id__in=set(remote_ids)))
    names = target_names(kind.target, [row.target_id for row in rows if row.target_id])
    return {(row.remote_id, row.scope): _kept(kind, row, names) for row in rows}


def _kept(kind: Kind, row: Mapping, names: dict[int, str]) -> dict[str, Any]:
    common = {"how": row.how, "reason": row.reason}
    if row.target_id is None:
        return common
    return {kind.target: row.target_id, "name": names.get(row.target_id, "")} | common


def _target(snapshot: Snapshot) -> Any:
    """What two snapshots are compared by: None, or the target's id, or () for what is left as it is."""
    if snapshot is None:
        return None
    return snapshot.get("value") or snapshot.get("client") or snapshot.get("user") or ()


def _sides(lines: Sequence[Line]) -> list[list[tuple[Line, Snapshot]]]:
    """What the audit names, before and after."""
    said = lines[:SAID]
    return [[(line, line.before) for line in said], [(line, line.after) for line in said]]


def _word(snapshot: Snapshot) -> str:
    return "not mapped" if snapshot is None else snapshot.get("name") or "left as it is"
