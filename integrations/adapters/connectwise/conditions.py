"""ConnectWise's filter language: the text of the ``conditions`` parameter.

Source: ConnectWise developer guide, "Conditions". Strings stand in double quotes, times in square brackets as whole
seconds of UTC, ids bare, truth as True and False; ``and`` binds clauses.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable

import msgspec

from integrations.port import Scope

URL_LIMIT = 1800
"""Characters of conditions, percent-encoded, up to which a GET is used; addresses over about 2,000 are not safe."""


OF_TICKETS = '(chargeToType = "ServiceTicket" or chargeToType = "ProjectTicket")'
"""Time that was booked on a ticket, of a project or not."""


class Narrowing(enum.Enum):
    """How the settings narrow a stream on the remote."""

    NONE = "none"
    TICKETS = "tickets"
    COMPANIES = "companies"
    TIME = "time"


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What a stream's rows are filtered by."""

    narrowing: Narrowing = Narrowing.NONE
    scope: Scope = Scope()
    since: dt.datetime | None = None


def moment(value: dt.datetime) -> str:
    """A time as the filter wants it: UTC, in brackets, whole seconds (fractions are refused), rounded down."""
    if value.tzinfo is None:
        raise ValueError("a time without a zone cannot be compared with the remote's clock")
    return f"[{value.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}]"


def quoted(text: str) -> str:
    """A text literal: backslashes doubled, quotes escaped, a bracket wrapped so that it is no date or wildcard."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("[", "[[]")
    return f'"{escaped}"'


def one_of(name: str, ids: Iterable[str]) -> str:
    """``name in (1,2)``. Raises ValueError for an id that is not a number: ids go in bare."""
    return f"{name} in ({_numbers(ids)})"


def none_of(name: str, ids: Iterable[str]) -> str:
    """``name not in (1,2)``; raises as ``one_of``."""
    return f"{name} not in ({_numbers(ids)})"


def all_of(clauses: Iterable[str]) -> str:
    """The clauses joined by ``and``, empty ones left out."""
    return " and ".join(clause for clause in clauses if clause)


def conditions_of(reading: Reading) -> list[str]:
    """The clauses for a reading. With ``since`` the scope does not filter: what left the scope must still be seen."""
    clauses = _constant(reading.narrowing)
    if reading.since is not None:
        return [*clauses, f"lastUpdated >= {moment(reading.since)}"]
    if reading.narrowing is Narrowing.TICKETS:
        return clauses + _ticket_scope(reading.scope)
    if reading.narrowing is Narrowing.COMPANIES:
        return [*clauses, "deletedFlag = False"]
    return clauses


def wants_nothing(reading: Reading) -> bool:
    """Whether the scope is empty, so that no request is needed (and none could say it: ``in ()`` is refused)."""
    return reading.narrowing is Narrowing.TICKETS and reading.since is None and reading.scope.board_ids == ()


def _constant(narrowing: Narrowing) -> list[str]:
    return [OF_TICKETS] if narrowing is Narrowing.TIME else []


def _ticket_scope(scope: Scope) -> list[str]:
    clauses = []
    if scope.board_ids:
        clauses.append(one_of("board/id", scope.board_ids))
    if scope.company_ids is not None:
        clauses.append(one_of("company/id", scope.company_ids))
    if scope.excluded_status_ids:
        clauses.append(none_of("status/id", scope.excluded_status_ids))
    if scope.changed_after is not None:
        clauses.append(in_date_range(scope))
    return clauses


def in_date_range(scope: Scope) -> str:
    """Open tickets, and those that changed in the range; "" where the scope has none."""
    begin = scope.changed_after
    return "" if begin is None else f"(closedFlag = False or lastUpdated >= {moment(begin)})"


def _numbers(ids: Iterable[str]) -> str:
    texts = sorted({int(number) for number in ids})
    return ",".join(map(str, texts))
