"""The PSA is hostile: every kind of odd answer, in every way that a portal meets it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator

from lab.faults.hostile import memory
from lab.faults.hostile.catalog import KINDS, SYSTEMS, short
from lab.faults.hostile.copies import copy_of
from lab.faults.hostile.kinds import Kind
from lab.faults.hostile.stage import TICKETS, NotReady, Stage, set_up
from lab.faults.hostile.ways import WAYS
from lab.faults.psa import Psa
from lab.faults.scenario_context import ScenarioContext
from lab.faults.verdict import Verdict

MOST_MEGABYTES = 300.0
Case = tuple[Kind, str]
"""A kind and the way."""


def hostile(ground: ScenarioContext, verdict: Verdict) -> None:
    """F12: each kind costs at most what is odd, and says so; nothing else changes, here or at somebody else's. The runs are worked on in
    this process, whose memory is watched, and their waits are added up instead of waited for."""
    for name in list(ground.crew.processes):
        ground.crew.kill(name)
    others = copy_of(ground.organization.pk, ground.connection.pk)
    for system in SYSTEMS:
        if cases := list(cases_of(ground, system)):
            _play(system, cases, ground, verdict)
    same = copy_of(ground.organization.pk, ground.connection.pk) == others
    verdict.require(same, "rows of another organization changed meanwhile")
    ground.crew.keep("one", "two")
    run = ground.sync("quick")
    verdict.require(run.result in {"success", "no_change"}, f"another organization's sync ended as {run.result}")


def cases_of(ground: ScenarioContext, system: str) -> Iterator[Case]:
    """What is tried with a system: every kind in every way, or once where it is short."""
    if ground.short:
        return ((kind, way) for kind, at, way in short() if at == system and ground.wants(kind.name))
    kinds = [kind for kind in KINDS.values() if kind.happens_to(system) and ground.wants(kind.name)]
    return ((kind, way) for kind in kinds for way in WAYS)


def _play(system: str, cases: list[Case], ground: ScenarioContext, verdict: Verdict) -> None:
    psa = Psa(system, TICKETS, ground.chance.randrange(1000), os.getpid())
    try:
        stage = set_up(psa, slug=f"hostile-{system}")
        for kind, way in cases:
            _try(stage, kind, way, verdict)
    except NotReady as err:
        verdict.violations.append(str(err))
    finally:
        psa.end()


def _try(stage: Stage, kind: Kind, way: str, verdict: Verdict) -> None:
    where, began = f"{kind.name} × {stage.psa.system} × {way}", time.monotonic()
    memory.forget()
    found = list(WAYS[way](stage, kind))
    used = memory.peak_megabytes()
    if used > MOST_MEGABYTES:
        found.append(f"{used:.0f} MB were needed")
    verdict.add("cases")
    verdict.add("cases_violated", int(bool(found)))
    verdict.most("most_megabytes", used)
    verdict.most("longest_seconds", time.monotonic() - began)
    for sentence in found:
        verdict.violations.append(f"{where}: {sentence}")
        print(f"{where}: {sentence}", file=sys.stderr, flush=True)
