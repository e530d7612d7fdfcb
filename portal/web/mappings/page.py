"""Mappings of one kind: what is not mapped yet, what is proposed and why, and what a change would show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from foundation.core.client_input import number_of
from foundation.core.errors import Refused
from integrations.models import Connection
from mappings.kinds import KINDS, Kind, kind_of_slug
from mappings.selectors import in_use, unmapped
from mappings.selectors.page import ValueRow, value_page, value_rows
from mappings.selectors.preview import PreviewSample, mapping_samples
from mappings.selectors.remote import board_choices
from mappings.selectors.targets import candidates
from mappings.services import MappingChange, mappings_set, suggestions_accept
from mappings.services.recorded_changes import serialise
from mappings.services.values import values_prepare
from mappings.suggestions import NEW, Candidate
from portal.web.access import requires
from portal.web.integrations.lookups import found_provider, shown_connection
from portal.web.integrations.presenters import shown_card
from portal.web.mappings.issues import kind_told
from portal.web.mappings.labels import ABOUT, TARGETS, counted
from portal.web.mappings.query_params import KEEP, TYPED, chosen, filter_of, unseen, wanted_of
from portal.web.request import PortalRequest
from portal.web.versions import stale_words
from sync.selectors.overview import connection_card
from sync.selectors.readable import readable_streams

LISTED = 60
"""Targets up to this many are all offered in each row; more are typed, with the browser's help."""
HELPED = 2000
LISTED_CHANGES = 10
STATES = (("unmapped", "Not mapped"), ("mapped", "Mapped"))


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A value with what its field offers. ``selected``: what is chosen; ``typed``: what was typed instead."""

    row: ValueRow
    options: list[tuple[str, str]]
    selected: str
    typed: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What saving would do. ``lines``: (the PSA's word, shown before, shown after)."""

    lines: list[tuple[str, str, str]]
    open: int
    samples: list[PreviewSample]


@require_http_methods(["GET", "POST"])
@requires("manage_integrations")
def connection_mapping(request: PortalRequest, pk: int, slug: str) -> HttpResponse:
    """The values of a kind; a press saves, previews, or accepts what is proposed."""
    connection, kind = shown_connection(pk), told_kind(request, slug)
    values_prepare()
    if request.method == "GET":
        return _page(request, connection, kind, {})
    do, picked = request.POST.get("do", ""), chosen(request.POST.dict())
    board = filter_of(request.GET.dict()).board
    try:
        if do.startswith("accept"):
            one = do.partition(":")[2]
            act = suggestions_accept(
                connection=connection, kind=kind, remote_ids=[one] if one else None, actor=request.user
            )
        else:
            serialise(connection)
            rows = {row.remote_id: row for row in value_rows(connection, kind, list(picked), board)}
            require_seen(request, picked, rows)
            targets = candidates(kind)
            wanted = wanted_of(kind, picked, rows, targets)
            if do == "preview":
                words = words_after(rows, wanted, targets)
                readable = readable_streams(request.access.can)
                preview = _preview(connection, kind, list(rows.values()), words, readable)
                return _page(request, connection, kind, picked, preview=preview)
            act = mappings_set(connection=connection, kind=kind, wanted=wanted, actor=request.user)
    except Refused as err:
        return _page(request, connection, kind, picked, error=err.message)
    if act is None:
        messages.info(request, "Nothing was changed: it stands so already.")
    else:
        messages.success(request, f"Saved: {counted(kind, act.count)}. The history can take it back.")
    left = {
        remote_id: text for remote_id, text in picked.items() if do.startswith("accept") and do != f"accept:{remote_id}"
    }
    # What was chosen and not saved yet is not lost by accepting something else.
    return _page(request, connection, kind, left) if left else redirect(request.get_full_path())


def require_seen(request: PortalRequest, picked: Mapping[str, str], rows: Mapping[str, ValueRow]) -> None:
    """Raises Refused where somebody else mapped a row since the page was shown: what he chose must not be lost unseen."""
    changed = unseen(request.POST.dict(), picked, rows)
    if changed:
        raise Refused(stale_words((row.name, row.word or "not mapped") for row in changed[:LISTED_CHANGES]))


def found_kind(slug: str) -> Kind:
    """The kind that an address names, in the plural; or 404."""
    kind = kind_of_slug(slug)
    if kind is None or kind.slug != slug:
        raise Http404("There is no such kind of mapping.")
    return kind


def told_kind(request: PortalRequest, slug: str) -> Kind:
    """The kind; 404 for none, 403 where its values are records that the person may not see."""
    kind = found_kind(slug)
    if not kind_told(kind, readable_streams(request.access.can)):
        raise PermissionDenied(f"Your role does not include seeing {kind.many}. An admin can change your role.")
    return kind


def _page(
    request: PortalRequest,
    connection: Connection,
    kind: Kind,
    picked: Mapping[str, str],
    *,
    preview: Preview | None = None,
    error: str = "",
) -> HttpResponse:
    wanted = filter_of(request.GET.dict())
    page = value_page(connection, kind, wanted, number_of(request.GET.get("page", "")) or 1)
    targets = candidates(kind)
    boards = board_choices(connection) if kind.scoped else []
    context = frame(connection, kind) | {
        "wanted": wanted,
        "states": STATES,
        "boards": boards,
        "board": dict(boards).get(wanted.board, "") if any(row.scope for row in page.rows) else "",
        "active": sum(bool(part) for part in (wanted.q, wanted.state, wanted.board)),
        "page": page,
        "rows": [_shown(kind, row, targets, picked) for row in page.rows],
        "proposed": sum(1 for row in page.rows if row.suggestion),
        "known": targets[:HELPED] if len(targets) > LISTED else [],
        "typing": len(targets) > LISTED,
        "target_word": TARGETS[kind.target],
        "about": ABOUT[kind.key],
        "counts_closed": any(row.every is not None for row in page.rows),
        "preview": preview,
        "error": error,
        "quiet": kind.key not in in_use(connection),
    }
    return render(request, "mappings/page.html", context, status=422 if error else 200)


def frame(connection: Connection, kind: Kind) -> dict[str, Any]:
    """What all pages of a connection's mappings show around their own."""
    left = unmapped(connection)
    return {
        "connection": connection,
        "provider": found_provider(connection.provider),
        "card": shown_card(connection_card(connection, timezone.now())),
        "kind": kind,
        "left": left[kind.key],
        "kinds": [(one, left[one.key]) for one in KINDS.values()],
        "tab": "mappings",
    }


def _shown(kind: Kind, row: ValueRow, targets: Sequence[Candidate], picked: Mapping[str, str]) -> ShownRow:
    picked_now = picked.get(row.remote_id, row.chosen)
    typed = picked_now.removeprefix(TYPED) if picked_now.startswith(TYPED) else ""
    listed = [(str(one.id), one.name) for one in targets]
    if len(targets) > LISTED:
        near = {row.chosen, picked_now, str(row.suggestion.target) if row.suggestion else ""}
        listed = [pair for pair in listed if pair[0] in near]
    if row.target and all(key != row.chosen for key, _ in listed):
        listed.append((row.chosen, row.target_name or "somebody who left"))
    new = [(NEW, f"New: {row.name}")] if kind.target != "user" else []
    nothing = f"As on other boards ({row.elsewhere})" if row.scope else "Not mapped"
    return ShownRow(row, [("", nothing), *listed, *new, (KEEP, "Leave as it is")], picked_now, typed)


def words_after(
    rows: Mapping[str, ValueRow], wanted: Sequence[MappingChange], targets: Sequence[Candidate]
) -> dict[str, str]:
    """{remote id: what it would be called}."""
    names = {target.id: target.name for target in targets}
    return {
        one.remote_id: rows[one.remote_id].elsewhere or rows[one.remote_id].name
        if one.target is None
        else names.get(one.target, "")
        if isinstance(one.target, int)
        else rows[one.remote_id].name
        for one in wanted
        if one.remote_id in rows
    }


def _preview(
    connection: Connection,
    kind: Kind,
    rows: Sequence[ValueRow],
    after: Mapping[str, str],
    readable: frozenset[str],
) -> Preview:
    return Preview(
        [(row.name, row.word, after[row.remote_id]) for row in rows],
        sum(row.open for row in rows),
        mapping_samples(connection, kind, rows, after) if "tickets" in readable else [],
    )


@require_GET
@requires("manage_integrations")
def first_kind(request: PortalRequest, pk: int) -> HttpResponse:
    """The first kind of a connection's mappings."""
    return redirect(reverse("web:connection_mapping", args=[pk, KINDS["status"].slug]))
