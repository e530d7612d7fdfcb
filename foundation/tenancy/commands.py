"""The base of the operators' commands: one scope, one way to answer, one meaning of exit code 2."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from getpass import getpass
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import OperationalError, ProgrammingError
from psycopg import errors as postgres

from foundation.core.errors import Refused
from foundation.tenancy.origin import Origin, acting
from foundation.tenancy.scope import tenant
from foundation.tenancy.selectors import organization_by_slug

MISUSE = 2
NO_SCHEMA = (postgres.UndefinedTable, postgres.UndefinedFunction, postgres.UndefinedColumn, postgres.InvalidSchemaName)


class OperatorCommand(BaseCommand):
    """Subclasses implement ``run``, which returns the exit code or None for 0.

    A CommandError or Refused is misuse: its sentence goes to standard error, and the exit code is 2. Every parser of the
    command takes ``json_option``; what is printed goes through ``answer``.
    """

    def run(self, options: dict[str, Any]) -> int | None:
        """The command's work. ``options`` are the parsed arguments by name."""
        raise NotImplementedError

    def handle(self, *args: Any, **options: Any) -> None:
        self.as_json = bool(options.get("json"))
        try:
            with acting(Origin("cli", actor_label="Command line")):
                code = self.run(options)
        except (CommandError, ImproperlyConfigured, Refused) as err:
            self._end(str(err), max(MISUSE, getattr(err, "returncode", MISUSE)), err)
        except ProgrammingError as err:
            if not isinstance(err.__cause__, NO_SCHEMA):
                raise
            self._end("The database lacks tables of this release. Run `manage.py migrate` first.", MISUSE, err)
        except OperationalError as err:
            self._end(f"PostgreSQL does not answer: {err}".strip(), 1, err)
        if code:
            raise SystemExit(code)

    def answer(self, value: Any, lines: Iterable[str]) -> None:
        """Prints ``value`` as one line of JSON where --json was given, else ``lines``."""
        if self.as_json:
            self.stdout.write(json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False))
            return
        for line in lines:
            self.stdout.write(line)

    @contextmanager
    def in_organization(self, slug: str) -> Iterator[int]:
        """A tenant scope by slug; gives the organization's id. Raises CommandError when there is none."""
        found = organization_by_slug(slug)
        if found is None:
            raise CommandError(f"There is no organization “{slug}”. `manage.py organization list` shows them.")
        with tenant(found.id):
            yield found.id

    def _end(self, message: str, code: int, cause: Exception) -> None:
        if getattr(self, "_called_from_command_line", False):
            self.stderr.write(message)
            raise SystemExit(code) from cause
        raise CommandError(message, returncode=code) from cause


def json_option(parser: ArgumentParser) -> None:
    """--json."""
    parser.add_argument("--json", action="store_true", help="print JSON, for scripts")


def organization_option(parser: ArgumentParser, *, required: bool = True) -> None:
    """--organization SLUG."""
    parser.add_argument("--organization", metavar="SLUG", required=required, help="the organization's slug")


def secret_from_stdin() -> str:
    """The first line of standard input, so that a secret is seen neither in the list of processes nor in the shell's history.

    At a terminal it is asked for, and not shown.
    """
    if sys.stdin.isatty():
        return getpass("Password: ")
    return sys.stdin.readline().rstrip("\r\n")
