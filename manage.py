"""MSPortal's commands. Start them by bin/manage, which brings the environment."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

from portal.embedded import commands, schema
from portal.embedded.errors import ServersError
from portal.embedded.servers import serving
from portal.embedded.watch import watching

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


def tell(sentence: str) -> None:
    """For the person at the keyboard, beside what the command says."""
    print(f"msportal | {sentence}", file=sys.stderr, flush=True)


def main(arguments: list[str]) -> None:
    """Runs one command on the servers that the environment names, or on the embedded ones."""
    if arguments[:1] == ["embedded"]:
        raise SystemExit(commands.main(arguments[1:]))
    if arguments and arguments[0] in OWNER_COMMANDS:
        os.environ.setdefault("PORTAL_DATABASE_ROLE", "owner")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.config.settings")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, ended)
    try:
        with serving(os.environ) as servers, watching(servers, tell):
            if servers is not None and schema.is_needed(arguments) and arguments[0] not in OWNER_COMMANDS:
                schema.bring_up_to_date(os.environ)
            from django.core.management import execute_from_command_line

            execute_from_command_line([sys.argv[0], *arguments])
    except ServersError as err:
        print(err, file=sys.stderr)
        raise SystemExit(ServersError.EXIT_CODE) from err
    except KeyboardInterrupt as err:
        raise SystemExit(128 + signal.SIGINT) from err


if __name__ == "__main__":
    main(sys.argv[1:])
