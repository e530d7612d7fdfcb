"""Trying mutants: each in a copy of the project, with the tests that run its line, then with those that run its file."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from difflib import unified_diff
from pathlib import Path

from cosmic_ray.mutating import mutate_code

from tests.mutation.covering import Covering
from tests.mutation.mutants import ROOT, Mutant
from tests.mutation.operators import operators

LINE_SECONDS = 120.0
FILE_SECONDS = 300.0
"""So long did the chosen tests take without a mutant, at most: the quickest are taken first."""
SLOWER = 4
"""A mutant whose tests take so many times as long, and a minute, hangs: that is noticed too."""
NOT_FOUND = (4, 5)
"""Exit codes of pytest for tests that are not there."""
COPIED = (
    "foundation",
    "clients",
    "embedded",
    "lab",
    "portal",
    "integrations",
    "tickets",
    "mappings",
    "sync",
    "tests",
    "templates",
    "static",
    "bin",
    "deploy",
    "docs",
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """``outcome``: killed (``by`` the tests of the line or of the file, or by time), survived, or untested: no test runs the line."""

    outcome: str
    by: str
    tests: int
    seconds: float
    diff: str


def tried(
    mutants: Sequence[Mutant], covering: Covering, workplace: Path, workers: int
) -> Iterator[tuple[Mutant, Verdict]]:
    """Each mutant with its verdict, as they come."""
    local, numbers = threading.local(), iter(range(workers))

    def own_copy() -> None:
        local.copy = _copy(workplace / f"copy-{next(numbers)}")

    with ThreadPoolExecutor(workers, initializer=own_copy) as pool:
        yield from pool.map(lambda mutant: (mutant, _verdict(mutant, covering, local.copy)), mutants)


def written(path: Path, found: Iterable[tuple[Mutant, Verdict]]) -> Iterator[tuple[Mutant, Verdict]]:
    """The same, each kept as a line of JSON."""
    with path.open("a") as out:
        for mutant, verdict in found:
            out.write(json.dumps({**asdict(mutant), **asdict(verdict)}) + "\n")
            out.flush()
            yield mutant, verdict


def _copy(place: Path) -> Path:
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for name in COPIED:
        shutil.copytree(ROOT / name, place / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "manage.py", "README.md", "ARCHITECTURE.md"):
        shutil.copy(ROOT / file, place / file)
    return place


def _verdict(mutant: Mutant, covering: Covering, copy: Path) -> Verdict:
    began = time.monotonic()
    path = copy / mutant.path
    source = path.read_text()
    changed = mutate_code(source, operators()[mutant.operator], mutant.occurrence)
    diff = "".join(unified_diff(source.splitlines(True), (changed or source).splitlines(True), n=0)).partition("@@\n")[
        2
    ]
    of_line = covering.of_line(mutant)
    path.write_text(changed or source)
    try:
        of_file = covering.of_file(mutant)
        stages = [("line", of_line, LINE_SECONDS), ("file", of_file, FILE_SECONDS)]
        stages += [] if of_file else [("folder", covering.of_folder(mutant), LINE_SECONDS)]
        for by, tests, most in stages:
            chosen = _within(tests, covering.seconds, most)
            if chosen and (how := _killed(copy, chosen, covering.seconds)):
                return Verdict("killed", f"{by}{how}", len(chosen), time.monotonic() - began, diff)
        outcome = "survived" if of_line else "untested"
        return Verdict(outcome, "", len(of_line), time.monotonic() - began, diff)
    finally:
        path.write_text(source)


def _within(tests: Sequence[str], seconds: dict[str, float], most: float) -> list[str]:
    found, total = [], 0.0
    for test in tests:
        total += seconds.get(test, 1.0)
        if found and total > most:
            break
        found.append(test)
    return found


def _killed(copy: Path, tests: Sequence[str], seconds: dict[str, float]) -> str:
    """How the tests notice: "" where they don't."""
    bound = 60 + SLOWER * sum(seconds.get(test, 1.0) for test in tests)
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "-p", "no:cacheprovider", *tests]
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(
        command, cwd=copy, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            code = process.wait(bound)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
            return ", by time"
    if code in NOT_FOUND:
        raise RuntimeError(f"pytest does not find these tests, or stops: {tests[:3]}")
    return " tests" if code else ""
