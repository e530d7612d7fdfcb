"""What a run reads, laid out once when it begins: its streams, and the settings that decide what of them is wanted.

Slices, verification, guard, apply and preview go by it, whatever people change meanwhile; what they change counts for the next run.
Limits of what a sync may do, how it handles errors and what it may spend count at once (``settings_schema.AT_ONCE``), and so do credentials.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import msgspec

from integrations.decoding import converted
from integrations.models import Connection
from integrations.port import Scope, StreamSpec
from integrations.settings_schema import (
    ConnectionSettings,
    digest_of,
    reading_of,
    scope_from,
    settings_of,
    settings_with,
)
from sync.engine.run.plan import streams_of
from sync.models import Run
from sync.streams import TARGETS


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """``streams``: by name, in the order in which they are read. ``reading``: the settings that count for it. ``range_start``: the beginning of
    the date range. ``digest``: of the connection's settings when it was laid out. A plan of another release may name more."""

    streams: tuple[str, ...]
    reading: dict[str, Any]
    range_start: dt.datetime | None
    digest: str

    def settings(self, now: ConnectionSettings) -> ConnectionSettings:
        """The plan's settings, and of ``now`` those that count at once."""
        return settings_with(now, self.reading)

    def scope(self, now: ConnectionSettings) -> Scope:
        """What adapters are asked for."""
        return scope_from(self.settings(now), self.range_start)

    def known(self, specs: Sequence[StreamSpec]) -> list[StreamSpec]:
        """Its streams, as far as this release and its adapter know them."""
        here = {spec.name: spec for spec in specs if spec.name in TARGETS}
        return [here[name] for name in self.streams if name in here]

    def unknown(self, specs: Sequence[StreamSpec]) -> list[str]:
        """Its streams that a newer release knew."""
        here = {spec.name for spec in self.known(specs)}
        return [name for name in self.streams if name not in here]

    def beginning(self, start: dt.datetime | None) -> Plan:
        """The same with another beginning of the date range."""
        return msgspec.structs.replace(self, range_start=start)


def plan_of(run: Run, connection: Connection, specs: Sequence[StreamSpec]) -> Plan:
    """The run's plan; of a run that has none yet, as the connection's settings are now. ``specs``: all streams of the adapter."""
    return converted(run.plan, Plan) if run.plan else laid_out(run, connection, specs)


def last_complete(run: Run) -> dict[str, Any] | None:
    """The plan, as it is stored, of the connection's last complete reading that is done, other than ``run``; None where there is none."""
    earlier = Run.objects.filter(connection_id=run.connection_id, state=Run.State.DONE).exclude(pk=run.pk)
    complete = earlier.filter(kind__in=[Run.Kind.FULL, Run.Kind.CLEAR_RESYNC]).exclude(plan={})
    plan: dict[str, Any] | None = complete.order_by("-pk").values_list("plan", flat=True).first()
    return plan


def laid_out(run: Run, connection: Connection, specs: Sequence[StreamSpec]) -> Plan:
    """A plan by the settings of this moment."""
    wanted, only = settings_of(connection), run.scope.get("only")
    chosen = streams_of(specs, wanted.streams, quick=run.reads_as == Run.Kind.QUICK)
    return Plan(
        streams=tuple(spec.name for spec in chosen if only is None or spec.name in only),
        reading=reading_of(wanted),
        range_start=connection.range_start,
        digest=digest_of(connection),
    )


def keep_plan(run: Run, plan: Plan) -> None:
    """Stores it with the run, in the caller's transaction."""
    run.plan = msgspec.to_builtins(plan)
    run.save(update_fields=["plan"])


def reads_otherwise(run: Run, connection: Connection) -> bool:
    """Whether the run began with other settings than the connection has now."""
    return bool(run.plan) and run.plan.get("digest") != digest_of(connection)
