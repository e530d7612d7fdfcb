"""What somebody chose on a page of mappings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from foundation.core.client_input import number_of, text_of
from foundation.core.errors import Refused
from mappings.kinds import Kind
from mappings.selectors.page import PageFilter, ValueRow
from mappings.services import MappingChange
from mappings.suggestions import NEW, Candidate, folded

TO, WAS, TYPED = "to:", "was:", "typed:"
"""Beginnings of the names of a row's fields; the value's remote id follows."""
KEEP = "keep"


def filter_of(query: Mapping[str, str]) -> PageFilter:
    """The filters of an address; what is not understood filters nothing."""
    state = query.get("state", "")
    return PageFilter(
        text_of(query.get("q", "")),
        state if state in ("mapped", "unmapped") else "",
        text_of(query.get("board", ""))[:64],
    )


def chosen(posted: Mapping[str, str]) -> dict[str, str]:
    """{remote id: what is chosen} of the rows where that is not what the page showed. A typed name goes before the list."""
    found = {}
    for name, value in posted.items():
        if name.startswith(TO) and name == text_of(name):
            remote_id = name.removeprefix(TO)
            typed = text_of(posted.get(TYPED + remote_id, ""))
            wanted = f"{TYPED}{typed}" if typed else text_of(value)
            if wanted != posted.get(WAS + remote_id, ""):
                found[remote_id] = wanted
    return found


def unseen(posted: Mapping[str, str], choices: Mapping[str, str], rows: Mapping[str, ValueRow]) -> list[ValueRow]:
    """Chosen rows that are mapped otherwise now than the page showed, and not as was chosen."""
    return [
        row
        for remote_id, text in choices.items()
        if (row := rows.get(remote_id)) and row.chosen not in (posted.get(WAS + remote_id, row.chosen), text)
    ]


def wanted_of(
    kind: Kind, choices: Mapping[str, str], rows: Mapping[str, ValueRow], targets: Sequence[Candidate]
) -> list[MappingChange]:
    """What the choices mean. ``rows``: of the values, by remote id. Raises Refused for a typed name that nothing has."""
    by_name = {folded(target.name): target.id for target in targets}
    return [
        MappingChange(
            remote_id,
            _target(kind, text, rows[remote_id].name if remote_id in rows else "", by_name),
            scope=rows[remote_id].scope if remote_id in rows else "",
        )
        for remote_id, text in choices.items()
    ]


def _target(kind: Kind, text: str, own_name: str, by_name: Mapping[str, int]) -> int | str | None:
    if not text.startswith(TYPED):
        return text if text in (KEEP, NEW) else number_of(text) if text else None
    typed = text.removeprefix(TYPED)
    if folded(typed) in by_name:
        return by_name[folded(typed)]
    if kind.target == "user":
        raise Refused(f"Nobody here is called “{typed}”. Choose somebody of the list, or invite them first.")
    if folded(typed) == folded(own_name):
        return NEW
    raise Refused(
        f"No client is called “{typed}”. Choose one of the list, or “New” to make one of the company's own name."
    )
