"""Removals in doubt: each stream whose records vanished without proof keeps them until a person decides, while the rest of the run lands.

In doubt is what leaves less than half of a stream, unless the PSA, asked once more, shows that it is so; and what goes below parents (notes,
statuses, additions …) beyond the limit that holds a whole run where streams are read in pages. An answer of nothing is no proof: a
proxy, a right that was taken away or a failing end point give the same one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db import connection

from foundation.core.staging import staged
from foundation.ledger.merge import Target, read_whole_tables, remove
from integrations.errors import (
    AddressRefused,
    AuthenticationFailed,
    IntegrationError,
    NotFound,
    UnsupportedFeature,
)
from integrations.port import ReadRequest, StreamSpec
from sync.engine.check.guard import (
    KEPT,
    VANISHED_LEAST,
    WITHHELD,
    Finding,
    Loss,
    chosen_away,
    keep_rows,
    live_relation,
    live_rows,
    loss_of,
    scope_parameters,
    swept,
    victims_of,
)
from sync.engine.check.orphans import GONE, orphaned, read_since
from sync.engine.run.lease import step
from sync.engine.run.locations import READABLE_ID, below
from sync.engine.run.plan import Mode
from sync.engine.run.run_log import REJECTED, WITHHELD_CODE, issue, note
from sync.engine.run.work import Work
from sync.engine.scope.excluded_companies import scope_in_run
from sync.models import Run, RunIssue, RunStream, Victim
from sync.streams import TARGETS, stream_words

DOUBTED_PERCENT = 50
"""Who loses more than this share of a stream without a word has to be sure of it."""
ASKED_AGAIN = 100
"""Records, or parents, that are asked for once more, one by one."""
NAMED = 20
"""Parents that have nothing left below them and that the log names."""
PAGES_MORE = 10
"""Pages that a second list may have more than the first."""


@dataclass(frozen=True, slots=True)
class Withheld:
    """Removals of a stream that wait: ``rows`` of ``live``, of which ``allowed`` pass unasked. ``why``: a sentence."""

    stream: str
    rows: int
    live: int
    allowed: int
    second: bool
    why: str


def is_withheld(work: Work, stream: str) -> bool:
    """Whether the run keeps what it would remove of the stream."""
    return stream in work.run.verification.get(WITHHELD, {})


def weigh(work: Work, found: Finding) -> None:
    """Finds the streams whose removals are in doubt, before anything of a staged run is applied. Twice is as good as once. What the whole
    run is, or was, held for, is a person's decision already."""
    decided = {loss.stream for loss in found.streams}
    kept: dict[str, dict[str, Any]] = {}
    for target, victims in doubtful(work):
        if target.stream in decided:
            continue
        loss = found.swept.get(target.stream) or loss_of(work, target, victims)
        if why := doubt_of(work, target, victims, loss):
            kept[target.stream] = asdict(withheld_of(loss, why))
    work.place.enter()
    keep_report(work, kept)


def withheld_of(loss: Loss, why: str) -> Withheld:
    """Two people decide only where the number alone would have asked for one."""
    return Withheld(loss.stream, loss.rows, loss.live, loss.allowed, loss.second and loss.rows > loss.allowed, why)


def keep_report(work: Work, kept: dict[str, dict[str, Any]]) -> None:
    """What waits, in the run's report; nothing where nothing does."""
    before = work.run.verification.pop(WITHHELD, {})
    if kept:
        work.run.verification[WITHHELD] = kept
    if kept or before:
        with step(work.lease, repeats=True):
            Run.objects.filter(pk=work.run.pk).update(verification=work.run.verification)
            work.bill()


def doubtful(work: Work) -> Iterator[tuple[Target, str]]:
    """Each stream of which a staged run may remove something that the PSA did not say is gone, with the relation of those rows."""
    if not work.quick:
        yield from ((target, victims_of(work, target)) for target in swept(work))
    for stream in RunStream.objects_of(work.run):
        if stream.state != RunStream.State.SKIPPED and work.by_parent(stream.name):
            target = TARGETS[stream.name]
            yield target, orphans_of(work, target)


def orphans_of(work: Work, target: Target) -> str:
    """A relation of the children that their parents do not show any more, and that no setting explains."""
    return live_relation(target, f"{orphaned(target)} AND NOT {chosen_away(work, target)}")


def doubt_of(work: Work, target: Target, victims: str, loss: Loss) -> str:
    """Why these rows are not known to be gone, in a sentence; "" where they are, or where so few went that nobody need ask."""
    if not loss.rows:
        return ""
    words, by_parent = stream_words(target.stream), work.by_parent(target.stream)
    if by_parent and loss.rows > loss.allowed:
        return (
            f"{loss.rows:,} of {loss.live:,} {words} are not shown any more below what they belong to; "
            f"up to {loss.allowed:,} go unasked."
        )
    if not by_parent and (nameless := rows_without_id(work, target)):
        return doubt_of_nameless(work, target, victims, loss, nameless)
    if loss.rows * 100 <= loss.live * DOUBTED_PERCENT:
        return doubt_of_emptied(work, target, victims) if by_parent else ""
    if not by_parent and loss.rows > loss.allowed:
        return ""
    work.place.enter(target.stream)
    doubt = disproof(work, target, victims, loss)
    said = f"{loss.rows:,} of {loss.live:,} {words} are not in the PSA's answers any more"
    if not doubt:
        with step(work.lease, progress=False):
            more = f"{said}; asked again, it does not have them: they are removed"
            note(work.run.pk, work.lease.organization_id, "info", more, stream=target.stream)
        return ""
    return f"{said}, but {doubt}."


def rows_without_id(work: Work, target: Target) -> int:
    """How many rows of the stream came with an id that nobody can read: each may be one of those that seem gone."""
    own = RunIssue.objects.filter(run_id=work.run.pk, stream=target.stream, code=REJECTED)
    with step(work.lease, progress=False):
        return own.exclude(remote_id__regex=f"^{READABLE_ID}$").count()


def doubt_of_nameless(work: Work, target: Target, victims: str, loss: Loss, nameless: int) -> str:
    """Asks for each of the rows by itself; "" where the PSA has none of them."""
    work.place.enter(target.stream)
    ids = [remote_id for remote_id, _ in gone_rows(work, target, victims)]
    looked = one_by_one(work, target.stream, ids) if len(ids) <= ASKED_AGAIN else None
    if looked is not None and not (looked.there or looked.unknown):
        return ""
    return (
        f"{loss.rows:,} of {loss.live:,} {stream_words(target.stream)} were not among the PSA's answers, of which {nameless:,} came without "
        "an id that can be read: they may be these."
    )


EMPTIED = """
SELECT v.parent, min(v.remote_id) FROM (SELECT v.remote_id, v."{column}" AS parent FROM {victims} v) v
WHERE NOT EXISTS (SELECT 1 FROM "{table}" t WHERE {live} AND t."{column}" = v.parent AND t.remote_id NOT IN (SELECT g.remote_id FROM {victims} g))
    AND NOT EXISTS (SELECT 1 {staged} AND s."{column}" = v.parent)
GROUP BY v.parent ORDER BY v.parent LIMIT {most}"""


def doubt_of_emptied(work: Work, target: Target, victims: str) -> str:
    """Asks once more for what lies below parents that have nothing left, and says of which: so few removals wait for nobody."""
    sql = EMPTIED.format(
        column=target.parent_column,
        table=target.table,
        victims=victims,
        live=live_rows(),
        staged=staged(target.staging, "s"),
        most=ASKED_AGAIN,
    )
    emptied = [parent for parent, _ in ask_rows(work, sql, stream=target.stream)]
    if not emptied:
        return ""
    work.place.enter(target.stream)
    spec, words = spec_of(work, target.stream), stream_words(target.stream)
    again = second_list(work, spec, emptied)
    named = [below(spec, parent) for parent in emptied[:NAMED]]
    if again is None:
        return f"The PSA has no {named[0]} any more, and could not be asked again{others_of(emptied)}."
    if again:
        return f"The PSA had no {named[0]} any more, and {len(again):,} {words} when it was asked again{others_of(emptied)}."
    with step(work.lease, progress=False):
        for what in named:
            said = f"The PSA has no {what} any more, also when it is asked again: what was here is removed."
            note(work.run.pk, work.lease.organization_id, "info", said, stream=target.stream)
    return ""


def others_of(parents: Sequence[str]) -> str:
    """How many more there are beside the first, to end a sentence."""
    return f" (and {len(parents) - 1:,} more like it)" if len(parents) > 1 else ""


def disproof(work: Work, target: Target, victims: str, loss: Loss) -> str:
    """What speaks against these records being gone, as the end of a sentence; "" where nothing does. Asks the PSA again."""
    rows = gone_rows(work, target, victims)
    ids, spec = [remote_id for remote_id, _ in rows], spec_of(work, target.stream)
    looked = one_by_one(work, target.stream, ids) if len(ids) <= ASKED_AGAIN else None
    if looked is not None and looked.there:
        return f"{looked.there:,} of them are there when they are asked for by themselves"
    by_itself = looked is not None and not looked.unknown
    if (not by_itself or spec.reference) and (named := named_by(work, target, ids)):
        return f"{named:,} records that are there still name them"
    if by_itself:
        return ""
    again = second_list(work, spec, [parent for _, parent in rows])
    if again is None:
        return "it could not be asked for them again"
    if still := len(again & set(ids)):
        return f"{still:,} of them are in a second answer"
    if not again and loss.rows >= VANISHED_LEAST:
        return "it gives nothing at all, which may mean that it does not show them to this key"
    return ""


def spec_of(work: Work, stream: str) -> StreamSpec:
    """The stream as the adapter describes it."""
    return next(spec for spec in work.adapter.streams if spec.name == stream)


def gone_rows(work: Work, target: Target, victims: str) -> list[tuple[str, str]]:
    """(remote id, parent's remote id or "") of the rows."""
    parent = f"coalesce(v.\"{target.parent_column}\", '')" if target.parent_column else "''"
    return ask_rows(work, f"SELECT v.remote_id, {parent} FROM {victims} v ORDER BY v.remote_id", stream=target.stream)


def ask_rows(work: Work, sql: str, **more: Any) -> list[tuple[Any, ...]]:
    """The rows of one statement about what would go."""
    with step(work.lease, progress=False), connection.cursor() as cursor:
        read_whole_tables()
        cursor.execute(sql, work.context().parameters(**scope_parameters(work), **more))
        return list(cursor.fetchall())


@dataclass(frozen=True, slots=True)
class Looked:
    """What came of asking for records by themselves: how many are there, and of how many that could not be told."""

    there: int
    unknown: int


def one_by_one(work: Work, stream: str, ids: Sequence[str]) -> Looked | None:
    """Asks for each record by itself; None where the PSA gives the stream's records in lists alone."""
    with step(work.lease, progress=False):
        scope = scope_in_run(work)

    def is_there(remote_id: str) -> bool | None:
        try:
            return work.adapter.in_scope(work.adapter.read_one(stream, remote_id, work.scope), scope)
        except NotFound:
            return False
        except (AuthenticationFailed, AddressRefused, UnsupportedFeature):
            raise
        except IntegrationError:
            return None

    try:
        answers = [work.call(is_there, ids[0])]
        answers += [work.wait(call) for call in [work.submit(is_there, remote_id) for remote_id in ids[1:]]]
    except UnsupportedFeature:
        return None
    return Looked(there=sum(answer is True for answer in answers), unknown=sum(answer is None for answer in answers))


def named_by(work: Work, target: Target, ids: Sequence[str]) -> int:
    """How many records that the run read, or that are here where its pages land at once, name one of these."""
    named = 0
    for other in TARGETS.values():
        here = f'FROM "{other.table}" o WHERE {live_rows("o")}'
        rows = here if work.mode is Mode.LIVE else f"{staged(other.staging, 'o')} AND o.in_scope"
        for reference in other.references:
            if reference.table == target.table:
                sql = f'SELECT count(*) {rows} AND o."{reference.remote_column}" = ANY(%(ids)s)'
                named += int(ask_rows(work, sql, ids=list(ids))[0][0])
    return named


def second_list(work: Work, spec: StreamSpec, parents: Sequence[str]) -> set[str] | None:
    """The remote ids of a second answer: of the stream, or of what lies below these parents. None where there was none, or not all of it."""
    try:
        if work.by_parent(spec.name):
            wanted = sorted(set(parents))
            return children_again(work, spec, wanted) if len(wanted) <= ASKED_AGAIN else None
        return pages_again(work, spec)
    except (AuthenticationFailed, AddressRefused):
        raise
    except IntegrationError:
        return None


def children_again(work: Work, spec: StreamSpec, parents: Sequence[str]) -> set[str] | None:
    """What lies below these parents now. A parent that is gone has nothing below it."""
    calls = [work.submit(work.adapter.read_children, spec.name, parent, work.scope) for parent in parents]
    shown: set[str] = set()
    for call in calls:
        try:
            page = work.wait(call)
        except NotFound:
            continue
        if page.incomplete or page.rejected:
            return None
        shown |= {record.remote_id for record in page.records}
    return shown


def pages_again(work: Work, spec: StreamSpec) -> set[str] | None:
    """What the stream's list has now."""
    read = next(stream.pages for stream in RunStream.objects_of(work.run) if stream.name == spec.name)
    request, checkpoint, shown = ReadRequest(stream=spec.name, scope=work.scope), None, set[str]()
    for _ in range(read + PAGES_MORE):
        page = work.call(work.adapter.read_page, request, checkpoint)
        if page.incomplete or page.rejected:
            return None
        shown |= {record.remote_id for record in page.records}
        if page.next is None:
            return shown
        checkpoint = page.next
    return None


def keep_withheld(work: Work) -> None:
    """When a staged run is applied: writes down what waits, and says so. In the caller's transaction, before anything is swept."""
    relations = {target.stream: victims for target, victims in doubtful(work)}
    for name, kept in work.run.verification.get(WITHHELD, {}).items():
        keep_rows(work, TARGETS[name], relations[name])
        say(work, name, kept["why"])


def say_all(work: Work) -> None:
    """In a preview: what would wait. In the caller's transaction."""
    RunIssue.objects.filter(run_id=work.run.pk, code=WITHHELD_CODE).delete()
    for name, kept in work.run.verification.get(WITHHELD, {}).items():
        issue(
            work.run.pk,
            work.lease.organization_id,
            name,
            WITHHELD_CODE,
            f"{kept['why']} A sync would keep them until a person decides.",
        )


def say(work: Work, stream: str, why: str) -> None:
    """The issue and the line of the log about removals that wait."""
    said = f"{why} They stay as they are until somebody who manages integrations decides on this run's page."
    issue(work.run.pk, work.lease.organization_id, stream, WITHHELD_CODE, said)
    note(work.run.pk, work.lease.organization_id, "warning", said, stream=stream)


def unshown_live(target: Target) -> str:
    """What the batches of a stream that lands at once did not show below their parents, unless it has been shown since."""
    return f"{KEPT} AND {read_since(target)}"


def doubt_live(work: Work, target: Target) -> Withheld | None:
    """What is to wait of a stream whose batches have landed; None where all may go."""
    with step(work.lease, progress=False):
        if not Victim.objects.filter(run_id=work.run.pk, stream=target.stream).exists():
            return None
    victims = live_relation(target, unshown_live(target))
    loss = loss_of(work, target, victims)
    why = doubt_of(work, target, victims, loss)
    return withheld_of(loss, why) if why else None


def end_live(work: Work, target: Target, doubt: Withheld | None) -> int:
    """Removes what the batches did not show, or keeps it and says so. Returns how many went. In the transaction that ends the stream."""
    own = Victim.objects.filter(run_id=work.run.pk, stream=target.stream)
    if not own.exists():
        return 0
    if doubt is None:
        removed = remove(target, work.context(), unshown_live(target), reason=GONE)
        own.delete()
        return removed
    work.run.verification.setdefault(WITHHELD, {})[target.stream] = asdict(doubt)
    Run.objects.filter(pk=work.run.pk).update(verification=work.run.verification)
    supersede(work, target, complete=False)
    say(work, target.stream, doubt.why)
    return 0


SUPERSEDE = """
DELETE FROM sync_victim v USING sync_run r WHERE v.organization_id = %(organization)s AND v.stream = %(stream)s
    AND r.id = v.run_id AND r.connection_id = %(connection)s AND r.state = 'done' AND r.verification ? '{key}'
    AND r.id <> %(journal_run)s AND ({again})"""
FOUND_AGAIN = """EXISTS (SELECT 1 FROM sync_victim n WHERE n.organization_id = %(organization)s AND n.run_id = %(journal_run)s
    AND n.stream = v.stream AND n.record_id = v.record_id)"""


def take_back(work: Work, target: Target, page: int | None = None) -> None:
    """Records that an earlier run withheld and that the PSA has shown again need no decision. In the caller's transaction, while they are
    staged."""
    if not waits(work):
        return
    shown = f"EXISTS (SELECT 1 {staged(target.staging, 's', page=page is not None)} AND s.remote_id = v.remote_id)"
    with connection.cursor() as cursor:
        cursor.execute(SUPERSEDE.format(key=WITHHELD, again=shown), work.context(page).parameters(stream=target.stream))


def supersede(work: Work, target: Target, *, complete: bool) -> None:
    """What an earlier run withheld of a stream, and this one has found anew, waits with this one. ``complete``: it read all of the stream,
    so that nothing else waits. In the caller's transaction."""
    if waits(work):
        with connection.cursor() as cursor:
            again = "true" if complete else FOUND_AGAIN
            cursor.execute(SUPERSEDE.format(key=WITHHELD, again=again), work.context().parameters(stream=target.stream))


def waits(work: Work) -> bool:
    """Whether any record of the connection waits for a decision; asks once a slice, in the caller's transaction."""
    if work.has_withheld is None:
        known = Victim.objects.filter(run__connection_id=work.connection.pk, run__state=Run.State.DONE)
        work.has_withheld = known.filter(run__verification__has_key=WITHHELD).exists()
    return work.has_withheld
