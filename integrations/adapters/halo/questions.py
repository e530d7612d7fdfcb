"""What is asked of a paged collection: one question, or several whose answers make up a scope.

Halo's filters cannot say "open, or changed since", so tickets of a date range are two questions: the open ones, and the
closed ones that changed in the range. A ticket may be closed or reopened between the two; a third question, for what changed
since the walk began, finds it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

import msgspec

from integrations.adapters.halo.streams import TICKET_SOURCE, Source
from integrations.port import ReadRequest, Scope

Params = dict[str, str | int]
EARLIER = dt.timedelta(seconds=1)
"""Whether the filter includes the very moment is not documented: it is asked for from a second earlier."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """``since``: older rows of the answer are dropped. ``late``: it is the one that begins where the walk began. ``source``: the
    collection that is asked."""

    params: Mapping[str, str | int]
    source: Source
    since: dt.datetime | None = None
    late: bool = False


def questions_of(source: Source, request: ReadRequest) -> list[Question]:
    """The questions of a request, in order; none where the scope wants nothing."""
    if source.stamped and request.since is not None:
        since = request.since.replace(microsecond=0)
        return [Question(source=source, params=changed_since(since - EARLIER), since=since)]
    if source is not TICKET_SOURCE:
        return [Question(source=part, params=dict(part.params)) for part in source.parts or (source,)]
    if request.scope.board_ids == ():
        return []
    base = boards(request.scope)
    if request.scope.changed_after is None:
        return [Question(source=source, params=base)]
    return [
        Question(source=source, params={**base, "open_only": "true"}),
        Question(source=source, params={**base, "closed_only": "true", **changed_since(request.scope.changed_after)}),
        Question(source=source, params={}, late=True),
    ]


def questions_of_types(source: Source, type_ids: Iterable[int]) -> list[Question]:
    """Assets, one type after the other: their fields stand on rows of lists only where one type is asked for."""
    fields = {**source.params, "includeassetfields": "true"}
    return [Question(source=source, params={**fields, "assettype_id": number}) for number in type_ids]


def begun(question: Question, began: str) -> Question | None:
    """The question with the moment at which the walk began in it; None where that is not known."""
    if not question.late:
        return question
    if not began:
        return None
    since = dt.datetime.fromisoformat(began).replace(microsecond=0)
    return Question(source=question.source, params=changed_since(since - EARLIER), since=since, late=True)


def boards(scope: Scope) -> Params:
    """``requesttype`` takes ids with commas between them."""
    return {} if scope.board_ids is None else {"requesttype": ",".join(numbers(scope.board_ids))}


def statuses(scope: Scope) -> Params:
    """The tickets in the statuses that are not wanted: there is no "not in", so they are counted and left out."""
    return {"status": ",".join(numbers(scope.excluded_status_ids))}


def changed_since(moment: dt.datetime) -> Params:
    return {"lastupdatefromdate": written(moment)}


def written(moment: dt.datetime) -> str:
    """``2026-10-03T06:24:10.967Z``."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone cannot be compared with the remote's clock")
    return moment.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def numbers(ids: tuple[str, ...]) -> list[str]:
    """The ids in order. Raises ValueError for one that is no number: any other text would be ignored as a filter."""
    return [str(number) for number in sorted({int(text) for text in ids})]
