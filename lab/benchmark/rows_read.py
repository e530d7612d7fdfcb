"""How many rows the statements of one page read: counted by PostgreSQL in the page's own transaction, inside functions too."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db import connection

COUNTERS = """
SELECT c.relname, c.relkind = 'i' AND m.amname = 'btree', pg_stat_get_xact_tuples_returned(c.oid), pg_stat_get_xact_blocks_fetched(c.oid),
    pg_stat_get_xact_numscans(c.oid), (c.reltuples / greatest(c.relpages, 1))::float8, (1 + ceil(ln(greatest(c.relpages, 1)) / ln(200)))::int
FROM pg_class c LEFT JOIN pg_am m ON m.oid = c.relam
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'i') AND pg_stat_get_xact_blocks_fetched(c.oid) > 0"""


@dataclass(frozen=True, slots=True)
class Counter:
    """One relation's. ``filling``: entries of a block. ``descent``: blocks from a B-tree's root to a leaf."""

    is_btree: bool
    returned: int
    blocks: int
    scans: int
    filling: float
    descent: int

    def since(self, before: Counter | None) -> Counter:
        """What has come since an earlier look."""
        if before is None:
            return self
        counts = (self.returned - before.returned, self.blocks - before.blocks, self.scans - before.scans)
        return Counter(self.is_btree, *counts, self.filling, self.descent)

    @property
    def read(self) -> int:
        """Rows or entries that were looked at.

        An index tells the entries that it returned, not those that it passed by because a later column did not match. So each leaf
        block beyond a scan's first is counted as full of entries: rather more than were looked at than fewer. (Blocks of an index
        without a scan are the planner's.)
        """
        walked = max(0, self.blocks - self.scans * self.descent) if self.is_btree and self.scans else 0
        return max(self.returned, round(walked * self.filling))


Counters = dict[str, Counter]


@dataclass(frozen=True, slots=True)
class RowsRead:
    """``read``: rows of tables and entries of indexes that were looked at. ``blocks``: of 8 kB. ``by``: what was read by relation."""

    read: int = 0
    blocks: int = 0
    by: dict[str, int] = field(default_factory=dict)


def counters() -> Counters:
    """As they stand. They grow until the server's next report, which is never inside a transaction: compare within one."""
    with connection.cursor() as cursor:
        cursor.execute(COUNTERS)
        return {name: Counter(*rest) for name, *rest in cursor.fetchall()}


def touched_since(before: Counters) -> RowsRead:
    """What the current transaction has touched since ``before`` was taken in it."""
    news = {name: counter.since(before.get(name)) for name, counter in counters().items()}
    by = {name: counter.read for name, counter in news.items() if counter.read}
    return RowsRead(sum(by.values()), sum(counter.blocks for counter in news.values()), by)
