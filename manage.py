"""MSPortal's commands. Start them by bin/manage, which brings the environment."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from embedded.servers import Servers

OWNER_COMMANDS = frozenset(
    {
        "dbshell",
        "flush",
        "maintain",
        "makemigrations",
        "migrate",
        "rowsecurity",
        "showmigrations",
        "sqlflush",
        "sqlmigrate",
    }
)
"""They change or describe the schema, which the app role may not; every other command runs as the app role."""


def ended(number: int, frame: FrameType | None) -> None:
    """Ends by way of ``finally`` blocks, so that the servers are let go."""
    raise SystemExit(128 + number)


def main(arguments: list[str]) -> None:
    """Runs one command on the servers that the environment names, or on the embedded ones."""
    if arguments[:1] == ["embedded"]:
        from embedded.commands import main as embedded_command

        raise SystemExit(embedded_command(arguments[1:]))
    if arguments and arguments[0] in OWNER_COMMANDS:
        os.environ.setdefault("PORTAL_DATABASE_ROLE", "owner")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.config.settings")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, ended)
    try:
        if names_servers(os.environ):
            execute(arguments)
        else:
            execute_on_embedded(arguments)
    except KeyboardInterrupt as err:
        raise SystemExit(128 + signal.SIGINT) from err


def names_servers(environment: Mapping[str, str]) -> bool:
    """Whether the installation has servers of its own: then nothing of ``embedded`` is needed."""
    return all(environment.get(name, "").strip() for name in ("DATABASE_URL", "REDIS_URL"))


def execute(arguments: list[str]) -> None:
    """Runs the command."""
    from django.core.management import execute_from_command_line

    execute_from_command_line([sys.argv[0], *arguments])


def execute_on_embedded(arguments: list[str]) -> None:
    """Starts the embedded servers where they are down, brings their database up to date, and runs the command."""
    from embedded.errors import ServersError
    from embedded.schema import bring_up_to_date, is_needed
    from embedded.servers import serving
    from embedded.watch import watching

    try:
        with serving(os.environ) as servers, watching(servers, tell):
            if servers is not None and is_needed(arguments) and arguments[0] not in OWNER_COMMANDS:
                bring_up_to_date(os.environ, migrations(), remedy(servers))
            execute(arguments)
    except ServersError as err:
        print(err, file=sys.stderr)
        raise SystemExit(ServersError.EXIT_CODE) from err


def migrations() -> set[tuple[str, str]]:
    """(app, name) of every migration that the installed apps bring along."""
    import django
    from django.db.migrations.loader import MigrationLoader

    django.setup()
    return set(MigrationLoader(None).disk_migrations)


def remedy(servers: Servers) -> str:
    """What to do about embedded data of a version that this one can't go on with."""
    return f"Move {servers.places.home} aside; the next start makes a new one. Connect the PSAs again: what was synced comes back with the first sync."


def tell(sentence: str) -> None:
    """For the person at the keyboard, beside what the command says."""
    print(f"msportal | {sentence}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
