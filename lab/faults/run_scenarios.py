"""Plays scenarios in the arena. Started by ``lab.faults.own_servers`` only: without an arena it refuses."""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import django

from embedded.servers import Servers
from lab.faults.own_servers import MARK
from lab.faults.vendor_requests import WIRES
from lab.faults.verdict import Stuck, Verdict

if TYPE_CHECKING:
    from lab.faults.scenario_context import ScenarioContext

TICKETS = {True: 1500, False: 20_000}


def main(arguments: list[str]) -> int:
    """Plays; prints a line a scenario and at last one JSON object. Exit code 1 when anything was violated."""
    state = os.environ.get(MARK, "")
    if not state:
        print(
            "The fault harness plays on servers of its own only: start it by `manage.py faults run`.", file=sys.stderr
        )
        return 2
    options = parser().parse_args(arguments)
    django.setup()
    began = time.monotonic()
    verdicts = performed(options, Path(state))
    violations = [f"{verdict.scenario}: {sentence}" for verdict in verdicts for sentence in verdict.violations]
    report = {
        "seed": options.seed,
        "provider": options.provider,
        "short": options.short,
        "without": options.without,
        "seconds": round(time.monotonic() - began, 1),
        "scenarios": {verdict.scenario: verdict.figures for verdict in verdicts},
        "violations": violations,
    }
    print(json.dumps(report))
    return 1 if violations else 0


def parser() -> argparse.ArgumentParser:
    """What the play understands."""
    made = argparse.ArgumentParser(prog="manage.py faults run")
    add_options(made)
    return made


def add_options(to: argparse.ArgumentParser) -> None:
    """The options of ``run``."""
    to.add_argument("--short", action="store_true", help="a few seconds a scenario")
    to.add_argument("--seed", type=int, default=1, metavar="N", help="every choice comes from it")
    to.add_argument("--scenario", action="append", default=[], metavar="F1", help="only this one; may be repeated")
    to.add_argument(
        "--provider", choices=sorted(WIRES), default="connectwise", help="whose interface the PSA speaks (connectwise)"
    )
    to.add_argument("--tickets", type=int, metavar="N", help="how many tickets the PSA has")
    to.add_argument("--rounds", type=int, metavar="N", help="how often each scenario hurts, where it counts")
    to.add_argument("--kinds", default="", metavar="REGEX", help="F12: of these kinds of oddities alone")
    to.add_argument("--without", default="", metavar="GUARD", help="with this guard off: violations must appear")
    to.add_argument("--json", action="store_true", help="nothing but the last line")


def performed(options: argparse.Namespace, state: Path) -> list[Verdict]:
    """Sets the ground up, plays each chosen scenario on it, and clears up."""
    from lab.faults.processes import Processes
    from lab.faults.psa import Psa
    from lab.faults.sabotage import switch_off
    from lab.faults.scenario_context import settle
    from lab.faults.scenarios import SCENARIOS

    chosen = options.scenario or list(SCENARIOS)
    unknown = [name for name in chosen if name not in SCENARIOS]
    if unknown:
        raise SystemExit(f"There is no scenario {unknown[0]}; there are {', '.join(SCENARIOS)}.")
    switch_off(options.without)
    psa = Psa(options.provider, options.tickets or TICKETS[options.short], options.seed, os.getpid())
    crew = Processes(state, options.without)
    try:
        crew.worker("one")
        crew.worker("two")
        crew.beat()
        ground = settle(random.Random(options.seed), Servers(state), crew, psa, short=options.short)
        ground.rounds = options.rounds
        ground.kinds = options.kinds
        first = ground.sync("full")
        if first.result != "success":
            raise SystemExit(f"The first sync did not succeed: {first.message}")
        return [played(name, SCENARIOS[name], ground, options) for name in chosen]
    finally:
        crew.end()
        psa.end()


def played(
    name: str,
    scenario: Callable[[ScenarioContext, Verdict], None],
    ground: ScenarioContext,
    options: argparse.Namespace,
) -> Verdict:
    """One scenario, from a seed of its own, so that it replays alone as it did among others."""
    ground.chance = random.Random(f"{options.seed}/{name}")
    verdict, began = Verdict(name), time.monotonic()
    try:
        scenario(ground, verdict)
    except Stuck as err:
        verdict.violations.append(str(err))
        print(ground.crew.told(), file=sys.stderr, flush=True)
    finally:
        ground.psa.calm()
        ground.crew.keep("one", "two")
    verdict.figures["seconds"] = round(time.monotonic() - began, 1)
    if not options.json:
        said = "; ".join(verdict.violations) or "held"
        print(f"{name:4} {verdict.figures['seconds']:7.1f} s  {said}", flush=True)
    return verdict


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
