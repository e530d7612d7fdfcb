"""The laboratory hurts the product and measures it. The product does not know of it, and goes without."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from lab.crashes import IN_TROUBLE, POINTS
from tests.source_files import PRODUCT, ROOT, source_files

SWITCHES = ("SYNC_CRASH", "FAULTS_SABOTAGE", "inject(")
"""How a worker is told to die at a place, or to work without a guard."""


def test_an_installation_without_the_laboratory_works(tmp_path: Path) -> None:
    for folder in (*PRODUCT, "templates", "static"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "manage.py", tmp_path)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "manage.py", "help", "--commands"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    commands = set(done.stdout.split())
    assert "sync" in commands
    assert not {"faults", "benchmark"} & commands


def test_only_the_laboratory_knows_how_to_hurt_the_engine() -> None:
    told = "sync/engine/fault_injection.py"
    found = {
        f"{path.relative_to(ROOT)}: {switch}"
        for path in source_files(*PRODUCT)
        for switch in SWITCHES
        if switch in path.read_text() and str(path.relative_to(ROOT)) != told
    }
    assert found == set()


def test_each_place_at_which_a_worker_may_die_is_in_the_engine() -> None:
    engine = "\n".join(path.read_text() for path in source_files("sync/engine"))
    assert [name for name in (*POINTS, *IN_TROUBLE) if f'crash_point("{name}")' not in engine] == []
