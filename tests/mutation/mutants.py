"""Which mutants are tried: so many of each part of the code, drawn by a seed."""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cosmic_ray.ast import get_ast

from tests.mutation.operators import nodes_of, operators

ROOT = Path(__file__).resolve().parent.parent.parent
STRATA: dict[str, tuple[str, ...]] = {
    "engine": ("sync/engine/**/*.py",),
    "sync services": ("sync/services/*.py", "sync/selectors/*.py", "sync/streams.py", "sync/columns.py"),
    "ledger": ("foundation/ledger/**/*.py", "mappings/services/*.py"),
    "tenancy": ("foundation/tenancy/**/*.py",),
    "core": ("foundation/core/*.py", "integrations/decoding/*.py"),
    "reading": ("integrations/adapters/**/*.py", "integrations/*.py"),
    "services": ("integrations/services/*.py",),
}
"""Part of the code: its files. A file belongs to the first that names it."""
LEFT_OUT = ("/migrations/", "/management/", "/models/", "/payloads", "__init__.py")
"""Declarations, and what people type."""


@dataclass(frozen=True, slots=True, order=True)
class Mutant:
    """``occurrence``: which of the places in the file that the operator can change; ``line``: where that is."""

    stratum: str
    path: str
    line: int
    operator: str
    occurrence: int

    @property
    def name(self) -> str:
        return f"{self.path}:{self.line} {self.operator} {self.occurrence}"


def drawn(seed: int, count: int, only: str = "") -> list[Mutant]:
    """``count`` mutants, as many of each stratum, or of one alone; of a line at most one by each operator. The same seed draws the same
    mutants of the same code."""
    names = [only] if only else list(STRATA)
    found: list[Mutant] = []
    for place, name in enumerate(names):
        share = count // len(names) + (place < count % len(names))
        distinct = {(one.path, one.line, one.operator): one for one in mutants_of(name)}
        everything = sorted(distinct.values())
        found += random.Random(f"{seed} {name}").sample(everything, min(share, len(everything)))
    return found


def files_of(stratum: str) -> list[Path]:
    taken: set[Path] = set()
    for name, patterns in STRATA.items():
        own = {path for pattern in patterns for path in ROOT.glob(pattern)} - taken
        if name == stratum:
            return sorted(path for path in own if not any(part in str(path) for part in LEFT_OUT))
        taken |= own
    raise KeyError(stratum)


def mutants_of(stratum: str) -> Iterator[Mutant]:
    """All of a stratum."""
    for path in files_of(stratum):
        source = path.read_text()
        idle = set(_idle_lines(source))
        tree = get_ast(source)
        for name, operator in operators().items():
            places = (begin for node in nodes_of(tree) for begin, _ in operator.mutation_positions(node))
            for occurrence, (line, _) in enumerate(places):
                if line not in idle:
                    yield Mutant(stratum, str(path.relative_to(ROOT)), line, name, occurrence)


def _idle_lines(source: str) -> Iterator[int]:
    """Lines of annotations, and of what is imported for them alone: nothing runs there."""
    for node in ast.walk(ast.parse(source)):
        places: list[ast.expr | ast.stmt | None] = []
        if isinstance(node, ast.FunctionDef):
            every = [*node.args.args, *node.args.kwonlyargs, *node.args.posonlyargs, node.args.vararg, node.args.kwarg]
            places = [node.returns, *(one.annotation for one in every if one is not None)]
        elif isinstance(node, ast.AnnAssign):
            places = [node.annotation]
        elif isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            places = [node]
        for place in places:
            if place is not None:
                yield from range(place.lineno, (place.end_lineno or place.lineno) + 1)
