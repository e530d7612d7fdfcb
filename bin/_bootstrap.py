"""Makes the Python environment from the lock file, with nothing but a Python 3 to begin with.

Runs on the standard library alone, and on whatever ``python3`` is (3.6 is enough): an old one looks for a newer one first.
The environment is made without pip, since Debian's Python often lacks ensurepip, and filled by uv, which the machine's pip
puts into it; where uv cannot reach the package index (it does not read pip.conf), pip does the work.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)
CANDIDATES = ("python3.13", "python3.12", "python3.11", "python3.14", "python3")
LOCKS = {"runtime": "requirements.lock", "dev": "requirements-dev.lock", "mutation": "requirements-mutation.lock"}
INSTALLER = ROOT / "bin" / "installer.lock"
STAMP = "msportal.json"
QUESTION = "import sys, venv, ssl; print('%d.%d' % sys.version_info[:2])"


class Stopped(Exception):
    """The environment cannot be made; the message says why and what to do."""


def run(kind: str, *arguments: str) -> None:
    """Replaces this process by a Python of the environment, started with ``arguments``. Ends with 2 when it cannot be made."""
    try:
        python = environment(kind)
    except Stopped as err:
        print(err, file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("Interrupted; start again to go on.", file=sys.stderr)
        sys.exit(130)
    # A crash of the interpreter itself then leaves the place of every thread in the log.
    os.environ.setdefault("PYTHONFAULTHANDLER", "1")
    # A worker's memory stays flat: without these, glibc keeps a heap for each thread and pieces of past pages in each of them.
    os.environ.setdefault("MALLOC_ARENA_MAX", "2")
    os.environ.setdefault("MALLOC_MMAP_THRESHOLD_", "131072")
    os.environ["PYTHONPATH"] = os.pathsep.join(p for p in (str(ROOT), os.environ.get("PYTHONPATH", "")) if p)
    os.execv(python, [str(python), *arguments])


def environment(kind: str) -> Path:
    """The Python whose environment holds everything of the lock file ``kind`` ("runtime", "dev" or "mutation"). Raises Stopped."""
    place = _place()
    if not _stamped(place, kind):
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            # The directory itself is the lock: one installation at a time, and no file is left behind.
            lock = os.open(place.parent, os.O_RDONLY)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX)
                if not _stamped(place, kind):
                    _make(place, kind)
            finally:
                os.close(lock)
        except OSError as err:
            raise Stopped(
                f"The Python environment {place} cannot be written: {err}. "
                "Free some space, or set PORTAL_VENV to a directory elsewhere."
            ) from err
    return place / "bin" / "python"


def _place() -> Path:
    """PORTAL_VENV, else .venv in the checkout, else a directory of the user's when the checkout is read-only."""
    named = os.environ.get("PORTAL_VENV", "").strip()
    if named:
        return Path(named).expanduser().absolute()
    inside = ROOT / ".venv"
    if os.access(inside if inside.exists() else ROOT, os.W_OK) or _stamped(inside, "runtime"):
        return inside
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "msportal" / hashlib.sha256(str(ROOT).encode()).hexdigest()[:10] / "venv"


def _digest(kind: str) -> str:
    return hashlib.sha256((ROOT / LOCKS[kind]).read_bytes()).hexdigest()


def _stamped(place: Path, kind: str) -> bool:
    """Whether an installation of this lock file was finished here: an interrupted one leaves no stamp."""
    try:
        finished = json.loads((place / STAMP).read_text())
    except (OSError, ValueError):
        return False
    return finished.get(kind) == _digest(kind) and os.access(place / "bin" / "python", os.X_OK)


def _make(place: Path, kind: str) -> None:
    python = place / "bin" / "python"
    if _version(str(python)) is None:
        if place.exists():
            shutil.rmtree(str(place))
        _say(f"making the Python environment in {place}")
        _call([_newer_python(), "-m", "venv", "--without-pip", str(place)], "the environment could not be made")
    _say(f"installing the packages of {LOCKS[kind]}")
    _install(place, ROOT / LOCKS[kind])
    # Each lock holds the packages of those before it too, at the same versions.
    finished = {name: _digest(name) for name in list(LOCKS)[: list(LOCKS).index(kind) + 1]}
    writing = place / (STAMP + ".new")
    writing.write_text(json.dumps(finished))
    writing.rename(place / STAMP)


def _version(python: str) -> "tuple[int, ...] | None":
    """(major, minor) of a usable Python with venv and TLS, 3.11 or newer; else None."""
    try:
        said = subprocess.run([python, "-c", QUESTION], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        found = tuple(int(part) for part in said.stdout.decode().strip().split("."))
    except (OSError, ValueError, subprocess.CalledProcessError):
        return None
    return found if found >= OLDEST else None


def _newer_python() -> str:
    for name in (sys.executable, *CANDIDATES):
        path = shutil.which(name) if name else None
        if path and _version(path):
            return path
    raise Stopped(
        f"MSPortal needs Python 3.11 or newer; this is {sys.version_info[0]}.{sys.version_info[1]}, and there is no newer "
        "one on the PATH. On Debian and Ubuntu: apt install python3"
    )


def _install(place: Path, lock: Path) -> None:
    python = str(place / "bin" / "python")
    pip = _pip(python)
    uv = str(place / "bin" / "uv")
    if not Path(uv).exists() and pip:
        _quiet([*pip, "install", "--quiet", "--require-hashes", "-r", str(INSTALLER)])
    if not Path(uv).exists():
        uv = shutil.which("uv") or ""
    failure = ""
    if uv:
        said = _quiet([uv, "pip", "install", "--quiet", "--python", python, "--require-hashes", "-r", str(lock)])
        if said is None:
            return
        failure = said
    if not pip:
        raise Stopped(
            f"The packages could not be installed: this Python has no pip. On Debian and Ubuntu: "
            f"apt install python3-pip\n{failure}".strip()
        )
    _say("installing with pip, which takes longer")
    _call([*pip, "install", "--quiet", "--require-hashes", "-r", str(lock)], "the packages could not be installed")


def _pip(python: str) -> "list[str] | None":
    """The command of a pip that installs into ``python``'s environment; None when there is none."""
    for host in (sys.executable, "python3", _newer_python()):
        command = [host, "-m", "pip", "--disable-pip-version-check", "--python", python]
        if _quiet([*command, "--version"]) is None:
            return command
    if _quiet([python, "-m", "ensurepip", "--default-pip"]) is None:
        return [python, "-m", "pip", "--disable-pip-version-check"]
    return None


def _quiet(command: "list[str]") -> "str | None":
    """None when ``command`` succeeded, else what it wrote."""
    try:
        subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    except OSError as err:
        return str(err)
    except subprocess.CalledProcessError as err:
        return str(err.output.decode(errors="replace")) or str(err)
    return None


def _call(command: "list[str]", sentence: str) -> None:
    said = _quiet(command)
    if said is not None:
        raise Stopped(f"{sentence.capitalize()}:\n{said.strip()}")


def _say(sentence: str) -> None:
    print(f"msportal | {sentence}", file=sys.stderr, flush=True)
