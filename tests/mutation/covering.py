"""What the plugin found: the tests that run a line, the quickest first."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from coverage import CoverageData

from tests.mutation.mutants import ROOT, Mutant


class Covering:
    """Read from the directory of ``coverage_plugin``."""

    def __init__(self, place: Path, paths: Iterable[str]) -> None:
        self.seconds: dict[str, float] = {}
        for path in place.glob("seconds.*.json"):
            self.seconds |= json.loads(path.read_text())
        self._lines: dict[tuple[str, int], set[str]] = defaultdict(set)
        folders = {Path(path).parent for path in paths}
        near = {str(file.relative_to(ROOT)) for folder in folders for file in (ROOT / folder).glob("*.py")}
        wanted = {str(ROOT / path): path for path in near}
        for file in place.glob("coverage.*"):
            data = CoverageData(str(file))
            data.read()
            for full in data.measured_files() & wanted.keys():
                for line, contexts in data.contexts_by_lineno(full).items():
                    self._lines[wanted[full], line] |= {context for context in contexts if context}

    def of_line(self, mutant: Mutant) -> list[str]:
        """The tests that run the line; none for one that only runs when the module is imported."""
        return self._quickest(self._lines[mutant.path, mutant.line])

    def of_file(self, mutant: Mutant) -> list[str]:
        """The tests that run any line of the file."""
        return self._quickest(
            {test for (path, _), found in self._lines.items() if path == mutant.path for test in found}
        )

    def of_folder(self, mutant: Mutant) -> list[str]:
        """The tests that run any line of the folder's files: for a file of which all lines run when it is imported."""
        folder = str(Path(mutant.path).parent)
        return self._quickest(
            {test for (path, _), found in self._lines.items() if str(Path(path).parent) == folder for test in found}
        )

    def _quickest(self, tests: set[str]) -> list[str]:
        return sorted(tests, key=lambda test: (self.seconds.get(test, 60.0), test))
