"""``bin/mutate``: does a test notice when a line of the code is wrong? See docs/testing.md."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.mutation.covering import Covering
from tests.mutation.mutants import ROOT, STRATA, Mutant, drawn
from tests.mutation.trial import tried, written
from tests.servers_plugin import test_servers

FIELDS = ("stratum", "path", "line", "operator", "occurrence")


def main() -> int:
    chosen = _parser().parse_args()
    place = Path(chosen.place).absolute()
    place.mkdir(parents=True, exist_ok=True)
    if chosen.act != "report":
        with test_servers():
            if chosen.act == "map":
                return _mapped(place / "map", chosen.tests)
            _tried(place, chosen)
    return _report(place / "verdicts.jsonl")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bin/mutate", description="Does a test notice when a line of the code is wrong?"
    )
    parser.add_argument(
        "--place", default=str(ROOT / "build" / "mutation"), help="where it keeps what it found (default %(default)s)"
    )
    acts = parser.add_subparsers(dest="act", required=True)
    mapping = acts.add_parser("map", help="run the tests once and note which runs which line (first of all)")
    mapping.add_argument("tests", nargs="*", help="paths of tests (default: all that share a machine)")
    run = acts.add_parser("run", help="try a sample of mutants; goes on where it was stopped")
    run.add_argument("--seed", type=int, default=7)
    run.add_argument("--count", type=int, default=300)
    run.add_argument("--only", choices=list(STRATA), default="", help="one part of the code alone")
    run.add_argument("--workers", type=int, default=2)
    acts.add_parser("report", help="what was found")
    return parser


def _mapped(place: Path, tests: list[str]) -> int:
    place.mkdir(exist_ok=True)
    for old in place.iterdir():
        old.unlink()
    alone = ("tests/e2e", "tests/embedded", "tests/lab/faults")
    paths = tests or [f"--ignore={path}" for path in alone]
    command = [sys.executable, "-m", "pytest", "-n", "2", "-q", "-p", "tests.mutation.coverage_plugin", *paths]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, "MUTATION_MAP": str(place)}, check=False).returncode


def _tried(place: Path, chosen: argparse.Namespace) -> None:
    kept = place / "verdicts.jsonl"
    done = {Mutant(**{name: row[name] for name in FIELDS}) for row in _rows(kept)}
    mutants = [mutant for mutant in drawn(chosen.seed, chosen.count, chosen.only) if mutant not in done]
    covering = Covering(place / "map", {mutant.path for mutant in mutants})
    for mutant, verdict in written(kept, tried(mutants, covering, place, chosen.workers)):
        print(
            f"{verdict.outcome:9} {mutant.name} ({verdict.by or 'nothing'}, {verdict.tests} tests, {verdict.seconds:.0f} s)",
            flush=True,
        )


def _rows(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def _report(path: Path) -> int:
    rows = _rows(path)
    totals, killed = (
        Counter(row["stratum"] for row in rows),
        Counter(row["stratum"] for row in rows if row["outcome"] == "killed"),
    )
    for row in rows:
        if row["outcome"] != "killed":
            print(f"{row['outcome']}: {row['path']}:{row['line']} {row['operator']}\n{row['diff']}")
    for name, total in totals.items():
        print(f"{name:14} {killed[name]:4} of {total:4} killed, {killed[name] / total:.0%}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
