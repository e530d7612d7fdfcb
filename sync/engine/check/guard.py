"""What a sweep would take away, and when that wants a person: too much of a stream, of one company, or a whole board or company.

What the settings explain (the scope was narrowed) is counted nowhere here: a person asked for it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import connection

from foundation.core.staging import staged
from foundation.ledger.merge import Target, read_whole_tables
from integrations.decoding import converted
from sync.engine.run.alarms import alarm_raise
from sync.engine.run.lease import step
from sync.engine.run.plan import exceeds, held_above
from sync.engine.run.run_log import LEFT_OUT, note
from sync.engine.run.stored_plan import Plan, last_complete
from sync.engine.run.work import Work
from sync.engine.scope.excluded_companies import left_with_company, outside_parameters
from sync.engine.scope.excluded_parents import PARENTS as CHILDS_PARENT
from sync.engine.scope.excluded_parents import away_with_parent, goes_with_parent
from sync.engine.scope.unread_kinds import is_unshown
from sync.models import Run, RunStream, Victim
from sync.streams import TARGETS

VANISHED_LEAST = 5
"""A company whose last one or two tickets are deleted is an ordinary day; from so many on, losing all of them is not."""
GROUPS_SHOWN = 50
"""Groups that a held run lists; the victims themselves are all kept."""

STREAMS = {"company": "companies", "board": "boards"}
WITHHELD = "withheld"
"""Where a run's report keeps, by stream, the removals that wait for a person though the run was applied (``sync.engine.check.withheld_removals``)."""


@dataclass(frozen=True, slots=True)
class Loss:
    """How many live rows of a stream a sweep would take, of how many, and how many pass unasked. ``second``: two people decide."""

    stream: str
    rows: int
    live: int
    allowed: int
    second: bool = False


@dataclass(frozen=True, slots=True)
class GroupLoss:
    """One company's or board's tickets: ``rows`` of ``live`` would go. ``kind``: company or board. ``why``: share, emptied or gone
    (the company or board itself would be removed while tickets of it are here)."""

    kind: str
    remote_id: str
    name: str
    rows: int
    live: int
    why: str

    @property
    def sentence(self) -> str:
        whose = f"the {self.kind} {self.name or self.remote_id}"
        if self.why == "gone":
            return f"{whose} would go, with {self.live:,} tickets here"
        if self.why == "emptied":
            return f"all {self.live:,} tickets of {whose} would go"
        return f"{self.rows:,} of {self.live:,} tickets of {whose} would go"


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a run is held; empty when it is not. ``swept``: the figures of each stream whose unseen rows go, held or not."""

    streams: tuple[Loss, ...] = ()
    groups: tuple[GroupLoss, ...] = ()
    swept: Mapping[str, Loss] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.streams or self.groups)


def unseen(target: Target) -> str:
    """Live rows that a complete read did not show. What arrived after the run began stays, and so do records that failed to parse (also those
    that fail while a preview is applied, which has another's staged rows), and what is of a kind that was not shown."""
    return f"""t.fetched_at < %(began)s
    AND NOT EXISTS (SELECT 1 {staged(target.staging, "s")} AND s.remote_id = t.remote_id AND s.in_scope)
    AND NOT EXISTS (SELECT 1 FROM sync_runissue i WHERE i.organization_id = %(organization)s AND i.run_id = %(journal_run)s
        AND i.stream = '{target.stream}' AND i.remote_id = t.remote_id AND i.code <> '{LEFT_OUT}')
    AND NOT {is_unshown(target)}"""


def chosen_away(work: Work, target: Target) -> str:
    """Of those, the ones that the settings explain: their removal is what a person asked for when narrowing the scope."""
    ways = (left_with_company(work, target), away_with_parent(work, target, "t"))
    reasons = [reason for reason in ways if reason]
    if target.stream == "tickets":
        reasons += ticket_reasons(work)
    if CHILDS_PARENT.get(target.stream) == "tickets" and is_narrowed(work):
        reasons.append("t.remote_updated_at < %(after)s")
    return "(" + " OR ".join(f"coalesce({reason}, false)" for reason in reasons) + ")" if reasons else "false"


def ticket_reasons(work: Work) -> list[str]:
    """What of the settings leaves a stored ticket out by itself."""
    reasons = ["t.status_remote_id = ANY(%(excluded)s)"]
    if work.scope.board_ids is not None:
        reasons.append("NOT t.board_remote_id = ANY(%(boards)s)")
    if work.scope.changed_after is not None:
        reasons.append("(t.is_closed AND t.remote_updated_at < %(after)s)")
    return reasons


def is_narrowed(work: Work) -> bool:
    """Whether the date range begins later than it did for the connection's last complete reading."""
    after = work.scope.changed_after
    if after is None:
        return False
    with step(work.lease, progress=False):
        last = last_complete(work.run)
    return last is not None and began_before(converted(last, Plan).range_start, after)


def began_before(earlier: dt.datetime | None, after: dt.datetime) -> bool:
    """Whether a range that began ``earlier`` (None: it had no beginning) held more than one that begins at ``after``."""
    return earlier is None or earlier < after


def scope_parameters(work: Work) -> dict[str, Any]:
    """The settings' scope as statement parameters."""
    return {
        "excluded": list(work.scope.excluded_status_ids),
        "boards": list(work.scope.board_ids or ()),
        "after": work.scope.changed_after,
        **outside_parameters(work.scope),
        "began": work.run.reading_began_at,
    }


def victims_of(work: Work, target: Target) -> str:
    """A relation of the rows that would go and that neither a setting nor their ticket explains."""
    explained = f"({chosen_away(work, target)} OR {goes_with_parent(work, target) or 'false'})"
    return live_relation(target, f"{unseen(target)} AND NOT {explained}")


def live_relation(target: Target, condition: str) -> str:
    """A relation of the live rows that meet a condition on ``t``."""
    return f'(SELECT t.* FROM "{target.table}" t WHERE {live_rows()} AND {condition})'


def live_rows(alias: str = "t") -> str:
    """The connection's rows that people see."""
    own = f"{alias}.organization_id = %(organization)s AND {alias}.connection_id = %(connection)s"
    return f"{own} AND {alias}.removed_at IS NULL"


def find(work: Work) -> Finding:
    """What of this run's sweep does not pass unasked. A reading of changes sweeps nothing."""
    if work.quick:
        return Finding()
    losses = {target.stream: loss_of(work, target, victims_of(work, target)) for target in swept(work)}
    lost = lost_groups(work, losses)
    said = {(group.kind, group.remote_id) for group in lost}
    groups = lost + [group for group in ticket_groups(work, losses) if (group.kind, group.remote_id) not in said]
    named = {"tickets", *(STREAMS[group.kind] for group in lost)} if groups else set()
    held = [loss for loss in losses.values() if loss.rows > (0 if loss.stream in named else loss.allowed)]
    return Finding(tuple(held), tuple(groups), losses)


def swept(work: Work) -> list[Target]:
    """The streams whose unseen rows the run removes: those that were read, and wholly."""
    read = RunStream.objects_of(work.run)
    streams = [stream for stream in read if stream.state != RunStream.State.SKIPPED and not stream.incomplete]
    return [TARGETS[stream.name] for stream in streams if not work.by_parent(stream.name)]


def loss_of(work: Work, target: Target, victims: str) -> Loss:
    """One stream's figures. ``victims``: the relation of the rows that would go."""
    sql = f"""SELECT (SELECT count(*) FROM {victims} gone), (SELECT count(*) FROM "{target.table}" t WHERE {live_rows()})"""
    rows, live = (int(value) for value in ask(work, sql, stream=target.stream)[0])
    allowed = held_above(live, percent=work.settings.hold_percent, least=work.settings.hold_least)
    return Loss(target.stream, rows, live, allowed, exceeds(rows, live, work.settings.hold_second_percent))


GROUPED = """
WITH gone AS MATERIALIZED (SELECT company_remote_id, board_remote_id FROM {victims} gone), kinds AS (
    SELECT 'company' AS kind, company_remote_id AS remote_id, count(*) AS rows FROM gone WHERE company_remote_id IS NOT NULL GROUP BY 2
    UNION ALL SELECT 'board', board_remote_id, count(*) FROM gone WHERE board_remote_id IS NOT NULL GROUP BY 2
), here AS (
    SELECT 'company' AS kind, t.company_remote_id AS remote_id, max(t.company_name) AS name, count(*) AS live FROM "{table}" t
        WHERE {live} AND NOT {away} AND t.company_remote_id IN (SELECT remote_id FROM kinds WHERE kind = 'company') GROUP BY 2
    UNION ALL SELECT 'board', t.board_remote_id, max(t.board_name), count(*) FROM "{table}" t
        WHERE {live} AND NOT {away} AND t.board_remote_id IN (SELECT remote_id FROM kinds WHERE kind = 'board') GROUP BY 2
)
SELECT kind, remote_id, name, rows, live FROM kinds JOIN here USING (kind, remote_id)
WHERE (rows = live AND live >= %(vanished_least)s) OR (kind = 'company' AND rows >= %(least)s AND rows * 100 > live * %(percent)s)
ORDER BY rows DESC, kind, remote_id LIMIT %(shown)s"""


def ticket_groups(work: Work, losses: dict[str, Loss]) -> list[GroupLoss]:
    """Companies that would lose too large a share of their tickets; companies and boards that would lose all."""
    if groups_off(work) or "tickets" not in losses or not losses["tickets"].rows:
        return []
    target = TARGETS["tickets"]
    away = chosen_away(work, target)
    sql = GROUPED.format(victims=victims_of(work, target), table=target.table, live=live_rows(), away=away)
    rows = ask(work, sql, vanished_least=VANISHED_LEAST)
    return [
        GroupLoss(kind, remote_id, name or "", gone, live, "emptied" if gone == live else "share")
        for kind, remote_id, name, gone, live in rows
    ]


LOST = """
SELECT r.remote_id, r.name, count(*) FROM {victims} r
JOIN "{table}" t ON t.{column} = r.remote_id WHERE {live} AND NOT {away} AND NOT EXISTS (SELECT 1 {elsewhere}
    AND m.remote_id = t.remote_id AND m.in_scope AND m.{column} IS DISTINCT FROM r.remote_id) GROUP BY 1, 2 ORDER BY 3 DESC, 1 LIMIT %(shown)s"""


def lost_groups(work: Work, losses: dict[str, Loss]) -> list[GroupLoss]:
    """Companies and boards that would be removed themselves while tickets of them are here, and stay with them: those that the run has
    read of another one (companies were merged, say) are that one's."""
    found: list[GroupLoss] = []
    tickets = TARGETS["tickets"]
    for kind, stream in STREAMS.items():
        if groups_off(work) or stream not in losses or not losses[stream].rows:
            continue
        sql = LOST.format(
            victims=victims_of(work, TARGETS[stream]),
            table=tickets.table,
            column=f"{kind}_remote_id",
            elsewhere=staged(tickets.staging, "m"),
            live=live_rows(),
            away=chosen_away(work, tickets),
        )
        found += [GroupLoss(kind, remote, name or "", live, live, "gone") for remote, name, live in ask(work, sql)]
    return found


def groups_off(work: Work) -> bool:
    """Nothing is above 100 %: with it the connection goes by its streams alone."""
    return work.settings.hold_company_percent >= 100


def ask(work: Work, sql: str, **more: Any) -> list[tuple[Any, ...]]:
    """The rows of one statement about the sweep."""
    limits = {
        "least": work.settings.hold_least,
        "percent": work.settings.hold_company_percent,
        "shown": GROUPS_SHOWN,
    }
    with step(work.lease, progress=False), connection.cursor() as cursor:
        read_whole_tables()
        cursor.execute(sql, work.context().parameters(**scope_parameters(work), **limits, **more))
        return list(cursor.fetchall())


def hold(work: Work, found: Finding) -> None:
    """Parks the run with its staging, frees its lane, keeps what would go for people to look at, and says so."""
    words = words_of(found)
    with step(work.lease):
        read_whole_tables()
        keep_victims(work, found)
        note(work.run.pk, work.lease.organization_id, "warning", f"Held: {words}")
        alarm_raise(work.run.pk, Run.Result.HELD, f"Waiting for approval: {words}.")
        Run.objects.filter(pk=work.run.pk).update(
            state=Run.State.HELD,
            result=Run.Result.HELD,
            phase=Run.Phase.VERIFYING,
            lease_until=None,
            message=f"Waiting for approval: {words}.",
            verification=work.run.verification
            | {
                "held": {loss.stream: asdict(loss) for loss in found.streams},
                "held_groups": [asdict(group) for group in found.groups],
                "approvals": [],
            },
        )


def words_of(found: Finding) -> str:
    """Why the run is held, in a sentence."""
    said = [
        f"{loss.rows:,} of {loss.live:,} {loss.stream} would be removed (up to {loss.allowed:,} pass unasked)"
        for loss in found.streams
        if loss.rows > loss.allowed
    ]
    said += [group.sentence for group in found.groups[:3]]
    if len(found.groups) > 3:
        said.append(f"and {len(found.groups) - 3} more companies or boards")
    return "; ".join(said)


KEEP = """
INSERT INTO sync_victim (organization_id, run_id, stream, record_id, remote_id, label,
    company_remote_id, company_name, board_remote_id, board_name)
SELECT %(organization)s, %(journal_run)s, %(stream)s, s.id, s.remote_id, left({label}, 200), {group} FROM {victims} s
WHERE NOT EXISTS (SELECT 1 FROM sync_victim v WHERE v.run_id = %(journal_run)s AND v.stream = %(stream)s AND v.record_id = s.id)
ORDER BY s.remote_id"""
TICKET_GROUP = ", ".join(
    f"coalesce(s.{name}, '')" for name in ("company_remote_id", "company_name", "board_remote_id", "board_name")
)


def keep_victims(work: Work, found: Finding) -> None:
    """Writes down what would go of the streams that hold the run. Earlier held runs of the connection had theirs decided; what waits
    with a run that was applied goes on waiting."""
    earlier = Victim.objects.filter(run__connection_id=work.connection.pk)
    earlier.exclude(run__lane=Run.Lane.FAST).exclude(run__verification__has_key=WITHHELD).delete()
    for loss in found.streams:
        keep_rows(work, TARGETS[loss.stream], victims_of(work, TARGETS[loss.stream]))


KEPT = """t.id IN (SELECT v.record_id FROM sync_victim v WHERE v.organization_id = %(organization)s
    AND v.run_id = %(journal_run)s AND v.stream = %(stream)s)"""
"""Whether a stored row ``t`` is one of those that the run wrote down."""


def keep_rows(work: Work, target: Target, victims: str, **more: Any) -> None:
    """Writes down what would go of a stream, each record once. ``victims``: the relation of its rows. In the caller's transaction."""
    group = TICKET_GROUP if target.stream == "tickets" else "'', '', '', ''"
    sql = KEEP.format(label=target.label, group=group, victims=victims)
    with connection.cursor() as cursor:
        cursor.execute(sql, work.context().parameters(stream=target.stream, **scope_parameters(work), **more))
