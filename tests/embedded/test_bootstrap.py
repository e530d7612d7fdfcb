"""The environment is made once per lock file, finished after an interruption, and refused with a sentence."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from embedded.locations import ROOT


@pytest.fixture
def bootstrap(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("_bootstrap", ROOT / "bin/_bootstrap.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setenv("PORTAL_VENV", str(tmp_path / "venv"))
    return module


def installing(monkeypatch: pytest.MonkeyPatch, bootstrap: ModuleType) -> list[str]:
    """Replaces the installation of packages by a note of which lock file it was."""
    installed: list[str] = []
    monkeypatch.setattr(bootstrap, "_install", lambda place, lock: installed.append(lock.name))
    return installed


def test_a_finished_environment_is_used_as_it_is(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = installing(monkeypatch, bootstrap)
    python = bootstrap.environment("runtime")
    assert bootstrap.environment("runtime") == python
    assert installed == ["requirements.lock"]
    said = subprocess.run([python, "-c", "import sys; print(sys.prefix)"], check=True, capture_output=True, text=True)
    assert said.stdout.strip() == str(python.parent.parent)


def test_the_development_environment_serves_the_runtime_and_not_the_other_way_round(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = installing(monkeypatch, bootstrap)
    bootstrap.environment("runtime")
    bootstrap.environment("dev")
    bootstrap.environment("runtime")
    assert installed == ["requirements.lock", "requirements-dev.lock"]


def test_another_lock_file_installs_again(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = installing(monkeypatch, bootstrap)
    stamp = bootstrap.environment("runtime").parent.parent / "msportal.json"
    stamp.write_text(json.dumps({"runtime": "an older one"}))
    bootstrap.environment("runtime")
    assert installed == ["requirements.lock"] * 2


def test_an_interrupted_installation_is_finished(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(place: Path, lock: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(bootstrap, "_install", interrupted)
    with pytest.raises(KeyboardInterrupt):
        bootstrap.environment("runtime")
    installed = installing(monkeypatch, bootstrap)
    bootstrap.environment("runtime")
    assert installed == ["requirements.lock"]


def test_a_half_made_environment_is_made_anew(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    installing(monkeypatch, bootstrap)
    (tmp_path / "venv/bin").mkdir(parents=True)
    (tmp_path / "venv/bin/python").write_text("not a program")
    assert bootstrap._version(str(bootstrap.environment("runtime"))) == sys.version_info[:2]


def test_without_pip_and_uv_it_says_what_to_install(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "_pip", lambda python: None)
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: None if name == "uv" else name)
    with pytest.raises(bootstrap.Stopped, match="apt install python3-pip"):
        bootstrap.environment("runtime")


def test_without_a_new_enough_python_it_says_so(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "_version", lambda python: None)
    with pytest.raises(bootstrap.Stopped, match="there is no newer one on the PATH"):
        bootstrap.environment("runtime")


def test_pip_takes_over_where_uv_fails(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    commands: list[list[str]] = []

    def quiet(command: list[str]) -> str | None:
        commands.append(command)
        return "no route to the index" if command[0].endswith("/uv") else None

    monkeypatch.setattr(bootstrap, "_quiet", quiet)
    (tmp_path / "venv/bin").mkdir(parents=True)
    (tmp_path / "venv/bin/uv").touch()
    bootstrap._install(tmp_path / "venv", ROOT / "requirements.lock")
    assert commands[-1][-3:] == ["--require-hashes", "-r", str(ROOT / "requirements.lock")]
