"""What people change: set, accept, revert, forget. Every change is kept, with what stood before it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from foundation.core import database_clock
from foundation.core.errors import Refused
from foundation.tenancy.models import User
from foundation.tenancy.scope import tenant_transaction
from foundation.tenancy.services.audit import audit_record
from integrations.models import Connection
from mappings.kinds import KINDS, Kind
from mappings.models import Mapping, MappingAct
from mappings.selectors.remote import RemoteName, remote_names, suggested
from mappings.selectors.targets import candidates, targets_known
from mappings.services.recorded_changes import Line, Snapshot, act_write, boards_named, serialise, standing
from mappings.services.values import clients_make, value_add, values_prepare
from mappings.suggestions import NEW, folded
from tickets.models import Board

KEEP = "keep"
"""In place of a target's id: leave the value as the PSA has it."""


@dataclass(frozen=True, slots=True)
class MappingChange:
    """What a value is to be mapped to: a target's id, "new" (make one of its name), "keep", or None to take the mapping away."""

    remote_id: str
    target: int | str | None
    reason: str = ""
    scope: str = ""
    """The remote id of the only board that this is for, of a value that boards share."""


def mappings_set(
    *, connection: Connection, kind: Kind, wanted: Sequence[MappingChange], actor: User | None = None
) -> MappingAct | None:
    """Maps values as one act, audited. Returns None when all stood so already. Raises Refused for unknown values and targets."""
    with tenant_transaction(connection.organization_id):
        serialise(connection)
        values_prepare()
        names = remote_names(connection, kind, [one.remote_id for one in wanted])
        boards = boards_named(connection, [one.scope for one in wanted])
        for one in wanted:
            _require_scope(kind, _known(names, kind, one), one.scope, boards)
        made = _made(kind, [_known(names, kind, one) for one in wanted if one.target == NEW], actor)
        settled = [replace(one, target=made[one.remote_id]) if one.target == NEW else one for one in wanted]
        targets = targets_known(kind, [one.target for one in settled if isinstance(one.target, int)])
        stands = standing(connection, kind, [one.remote_id for one in settled])
        lines = [
            Line(
                _known(names, kind, one),
                one.scope,
                boards.get(one.scope),
                stands.get((one.remote_id, one.scope)),
                _snapshot(kind, one, targets),
            )
            for one in settled
        ]
        return act_write(connection, kind, lines, MappingAct.How.PERSON, actor)


def suggestions_accept(
    *, connection: Connection, kind: Kind, remote_ids: Iterable[str] | None = None, actor: User | None = None
) -> MappingAct | None:
    """Maps what is proposed, of all unmapped values or of some. Returns None where nothing is proposed."""
    with tenant_transaction(connection.organization_id):
        values_prepare()
        chosen = None if remote_ids is None else set(remote_ids)
        proposed = [
            MappingChange(remote_id, suggestion.target, suggestion.reason)
            for remote_id, suggestion in suggested(connection, kind).items()
            if chosen is None or remote_id in chosen
        ]
        return mappings_set(connection=connection, kind=kind, wanted=proposed, actor=actor) if proposed else None


def mapping_revert(*, act: MappingAct, actor: User | None = None) -> MappingAct | None:
    """Brings back what stood before an act, for all of its values, as an act of its own. Returns None when it stands so already.

    Raises Refused where the act's mappings were forgotten, or where a target is gone.
    """
    kind = KINDS[act.kind]
    if act.forgotten_at is not None or act.how == MappingAct.How.FORGOTTEN:
        raise Refused("The connection's mappings were forgotten since: there is nothing to go back to.")
    with tenant_transaction(act.organization_id):
        connection = Connection.objects.get(pk=act.connection_id)
        serialise(connection)
        changes = list(act.changes.order_by("pk"))
        _require_targets(kind, [change.before for change in changes])
        boards = boards_named(connection, [change.scope for change in changes])
        stands = standing(connection, kind, [change.remote_id for change in changes])
        lines = [
            Line(
                RemoteName(change.remote_id, change.record_id, change.label),
                change.scope,
                boards.get(change.scope),
                stands.get((change.remote_id, change.scope)),
                change.before,
            )
            for change in changes
        ]
        return act_write(connection, kind, lines, MappingAct.How.REVERT, actor, reverts=act)


def connection_forgotten(connection: Connection, *, actor: User | None = None) -> int:
    """Forgets all mappings of a connection, for it leads to another instance now. Values, clients and people stay, and so does the history,
    which can't be reverted from then on. Returns how many were forgotten."""
    with tenant_transaction(connection.organization_id):
        serialise(connection)
        now = database_clock.now()
        gone = list(Mapping.objects.filter(connection_id=connection.pk).order_by().values_list("kind", flat=True))
        Mapping.objects.filter(connection_id=connection.pk).delete()
        MappingAct.objects.filter(connection_id=connection.pk, forgotten_at=None).update(forgotten_at=now)
        MappingAct.objects.bulk_create(
            MappingAct(
                organization_id=connection.organization_id,
                connection=connection,
                kind=kind,
                how=MappingAct.How.FORGOTTEN,
                count=gone.count(kind),
                at=now,
                by=actor,
                forgotten_at=now,
            )
            for kind in sorted(set(gone))
        )
        if gone:
            audit_record(
                action="mapping.forgotten", target=connection, changes={"mappings": [len(gone), 0]}, actor=actor
            )
        return len(gone)


def _require_scope(kind: Kind, remote: RemoteName, scope: str, boards: dict[str, Board]) -> None:
    if scope and (not kind.scoped or remote.board):
        raise Refused(f"“{remote.label}” can't be mapped for one board: only what boards share can.")
    if scope and scope not in boards:
        raise Refused(f"This connection has no board {scope}. It may be gone since: look again.")


def _snapshot(kind: Kind, wanted: MappingChange, targets: dict[int, str]) -> Snapshot:
    """What is wanted, as it is kept in the history. Raises Refused for a target that there is not."""
    if wanted.target is None:
        return None
    common = {"how": Mapping.How.PERSON.value, "reason": wanted.reason}
    if wanted.target == KEEP:
        return common
    if not isinstance(wanted.target, int) or wanted.target not in targets:
        raise Refused(f"There is no such {TARGET_WORDS[kind.target]}. Choose one of the list.", field="target")
    return {kind.target: wanted.target, "name": targets[wanted.target]} | common


TARGET_WORDS = {"value": "value", "client": "client", "user": "person in this organization"}


def _require_targets(kind: Kind, snapshots: Iterable[Snapshot]) -> None:
    wanted = {one[kind.target]: one["name"] for one in snapshots if one and one.get(kind.target)}
    lost = [name for target, name in wanted.items() if target not in targets_known(kind, wanted)]
    if lost:
        raise Refused(f"“{lost[0]}” is not here any more, so this can't be brought back. Choose something else.")


def _known(names: dict[str, RemoteName], kind: Kind, wanted: MappingChange) -> RemoteName:
    if wanted.remote_id not in names:
        raise Refused(f"This connection has no {kind.one} {wanted.remote_id}. It may be gone since: look again.")
    return names[wanted.remote_id]


def _made(kind: Kind, remotes: Sequence[RemoteName], actor: User | None) -> dict[str, int]:
    """{remote id: id of the target with its name}, made where there is none. Raises Refused for people."""
    if not remotes:
        return {}
    if kind.target == "user":
        raise Refused("People are invited, not made here: see Settings, People.")
    if kind.target == "client":
        clients = clients_make({remote.name: remote.website for remote in remotes})
        return {remote.remote_id: clients[remote.name] for remote in remotes}
    made = {folded(one.name): one.id for one in candidates(kind)}
    for remote in remotes:
        if folded(remote.name) not in made:
            made[folded(remote.name)] = value_add(
                kind=kind.key, name=remote.name, data_type=remote.data_type, actor=actor
            ).pk
    return {remote.remote_id: made[folded(remote.name)] for remote in remotes}
