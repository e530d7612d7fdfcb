"""The values of a connection that are mapped, as far as naming and proposing need them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from integrations.models import Connection
from mappings.kinds import Kind
from mappings.models import Mapping
from mappings.selectors.fields import connection_fields, data_type_of
from mappings.selectors.targets import candidates
from mappings.suggestions import Remote, Suggestion, candidates_of, folded, suggestion_for
from tickets.models import Board


@dataclass(frozen=True, slots=True)
class RemoteName:
    """One value of a PSA, by its name. ``record_id``: the row that mirrors it; None for a custom field. ``label``: the name and the board;
    ``data_type``: of a custom field, as the organization's own have it."""

    remote_id: str
    record_id: int | None
    name: str
    website: str = ""
    board: str = ""
    data_type: str = ""

    @property
    def label(self) -> str:
        return f"{self.name} · {self.board}" if self.board else self.name


def remote_rows(connection: Connection, kind: Kind) -> QuerySet[Any]:
    """The live rows of a kind on a connection, each with ``mapped``."""
    if kind.model is None:
        raise ValueError(f"{kind.many} are no rows")
    own = Mapping.objects.filter(connection_id=connection.pk, kind=kind.key, scope="", remote_id=OuterRef("remote_id"))
    rows: QuerySet[Any] = kind.model._default_manager.filter(connection_id=connection.pk)
    return rows.annotate(mapped=Exists(own))


def remote_names(connection: Connection, kind: Kind, remote_ids: Iterable[str]) -> dict[str, RemoteName]:
    """{remote id: name} of those that are here."""
    wanted = set(remote_ids)
    if kind.model is None:
        fields = [field for field in connection_fields(connection) if field.remote_id in wanted]
        return {
            field.remote_id: RemoteName(field.remote_id, None, field.caption, data_type=data_type_of(field.kind))
            for field in fields
        }
    found = remote_rows(connection, kind).filter(remote_id__in=wanted)
    boards = dict(board_choices(connection)) if kind.on_board and wanted else {}
    return {
        row.remote_id: RemoteName(
            row.remote_id, row.pk, str(row), _website(row), boards.get(getattr(row, "board_remote_id", ""), "")
        )
        for row in found
    }


def board_choices(connection: Connection) -> list[tuple[str, str]]:
    """Boards of a connection by name: (remote id, name)."""
    return list(Board.objects.filter(connection_id=connection.pk).order_by("name").values_list("remote_id", "name"))


def suggested(connection: Connection, kind: Kind) -> dict[str, Suggestion]:
    """{remote id: what is proposed} for all values in use that are not mapped."""
    if kind.model is None:
        mapped = Mapping.objects.filter(connection_id=connection.pk, kind=kind.key).values_list("remote_id", flat=True)
        left = [field for field in connection_fields(connection) if field.remote_id not in set(mapped)]
        return suggestions_of(kind, {field.remote_id: Remote(field.caption) for field in left})
    rows = list(in_use_only(kind, remote_rows(connection, kind).filter(mapped=False)).order_by("pk"))
    return suggestions_of(kind, described(connection, kind, rows))


def in_use_only(kind: Kind, rows: QuerySet[Any]) -> QuerySet[Any]:
    """Without what the PSA marks as not in use."""
    return rows.filter(is_active=True) if kind.has("is_active") else rows


def suggestions_of(kind: Kind, remotes: dict[str, Remote]) -> dict[str, Suggestion]:
    """{key: what is proposed}, without those for which nothing is."""
    if not remotes:
        return {}
    among = candidates_of(candidates(kind))
    found = {remote_id: suggestion_for(kind.key, remote, among) for remote_id, remote in remotes.items()}
    return {remote_id: suggestion for remote_id, suggestion in found.items() if suggestion is not None}


def described(connection: Connection, kind: Kind, rows: Sequence[Any]) -> dict[str, Remote]:
    """What can be told from the rows, by remote id."""
    order = _order(connection, kind)
    twins = _twins(connection, kind, rows)
    return {
        row.remote_id: Remote(
            name=str(row),
            is_closed=getattr(row, "is_closed", False),
            is_default=getattr(row, "is_default", False),
            place=order.get(row.remote_id, 0),
            places=len(order),
            email=getattr(row, "email", ""),
            website=_website(row),
            twins=twins.get(folded(str(row)), 1),
        )
        for row in rows
    }


def _order(connection: Connection, kind: Kind) -> dict[str, int]:
    """Places in the PSA's order, of priorities alone: theirs is from the most to the least urgent."""
    if kind.key != "priority":
        return {}
    rows = in_use_only(kind, remote_rows(connection, kind)).order_by("sort_order", "pk")
    return {remote_id: place for place, remote_id in enumerate(rows.values_list("remote_id", flat=True))}


def _twins(connection: Connection, kind: Kind, rows: Sequence[Any]) -> Counter[str]:
    if kind.key != "company" or not rows:
        return Counter()
    names = remote_rows(connection, kind).values_list("name", flat=True)
    return Counter(folded(name) for name in names)


def _website(row: Any) -> str:
    return str(getattr(row, "website", "") or "")
