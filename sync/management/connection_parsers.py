"""The connection command's arguments."""

from __future__ import annotations

import argparse
import datetime as dt

from django.core.management.base import CommandParser

from foundation.tenancy.commands import json_option, organization_option

FILE_HELP = "a JSON file; - reads standard input"
ACTIONS = "create|configure|list|test|capabilities|delete|schedule|change"


def add_actions(parser: CommandParser) -> None:
    """One parser an action, each with --json."""
    actions = parser.add_subparsers(dest="action", required=True, metavar=ACTIONS)
    create = actions.add_parser("create", help="connect a system; the credentials are tested first")
    organization_option(create)
    create.add_argument("--provider", required=True, help="the system, such as connectwise")
    create.add_argument("--name", required=True, help="what people will call this connection")
    create.add_argument("--credentials-file", required=True, metavar="FILE", help=FILE_HELP)
    create.add_argument("--settings-file", metavar="FILE", help=FILE_HELP)
    json_option(create)
    configure = _on_connection(actions, "configure", "change what is synced")
    configure.add_argument("--settings-file", required=True, metavar="FILE", help=f"{FILE_HELP}; absent settings stay")
    shown = actions.add_parser("list", help="connections and their states")
    organization_option(shown, required=False)
    json_option(shown)
    _on_connection(
        actions, "test", "test the stored credentials and every right; exit code 1 when something is missing"
    )
    can = actions.add_parser("capabilities", help="what a system offers")
    which = can.add_mutually_exclusive_group()
    which.add_argument("--connection", type=int, metavar="ID")
    which.add_argument("--provider", help="all systems where neither is given")
    which.add_argument("--markdown", action="store_true", help="the table of docs/capabilities.md")
    organization_option(can, required=False)
    json_option(can)
    delete = _on_connection(actions, "delete", "remove a connection and all that was synced through it")
    sure = delete.add_mutually_exclusive_group()
    sure.add_argument("--yes", action="store_true", help="do it; without this it only says what would go")
    sure.add_argument("--confirm", metavar="NAME", help="do it if this is the connection's name, for scripts")
    _schedule(_on_connection(actions, "schedule", "show or change when it syncs by itself"))
    _change(actions.add_parser("change", help="change the PSA instance, step by step"))


def _on_connection(actions: argparse._SubParsersAction[CommandParser], name: str, text: str) -> CommandParser:
    parser = actions.add_parser(name, help=text)
    parser.add_argument("--connection", type=int, required=True, metavar="ID")
    organization_option(parser, required=False)
    json_option(parser)
    return parser


def _schedule(parser: CommandParser) -> None:
    parser.add_argument("--quick-minutes", type=int, metavar="N", help="a quick sync every N minutes; 0 is off")
    parser.add_argument("--nightly", choices=["on", "off"])
    parser.add_argument("--nightly-at", type=_clock_time, metavar="HH:MM", help="in the organization's time zone")
    parser.add_argument(
        "--window-minutes", type=int, metavar="N", help="nightly syncs begin spread over so many minutes"
    )
    parser.add_argument("--nightly-kind", choices=["full", "quick"])
    parser.add_argument(
        "--full-every", choices=["week", "month", "quarter"], help="with quick nightlies: when one is full"
    )
    held = parser.add_mutually_exclusive_group()
    held.add_argument("--pause", action="store_true", help="nothing starts by itself until it is resumed")
    held.add_argument("--resume", action="store_true")


def _change(parser: CommandParser) -> None:
    """One parser a step, in the order in which they are taken."""
    steps = parser.add_subparsers(
        dest="step", required=True, metavar="show|disconnect|cancel|export|purge|connect|read|first"
    )
    _on_connection(steps, "show", "the step that it has come to")
    begin = _on_connection(steps, "disconnect", "leave the old instance: no sync starts any more")
    begin.add_argument("--reason", required=True, help="why; it stands in the audit log")
    _on_connection(steps, "cancel", "go back to the old instance, as long as nothing is purged")
    export = _on_connection(steps, "export", "write everything that is here to a file, a ZIP of CSVs")
    export.add_argument("--file", required=True, metavar="FILE", help="where to; there must be none yet")
    purge = _on_connection(steps, "purge", "delete what came from the old instance")
    purge.add_argument(
        "--confirm", metavar="NAME", help="the connection's name; without it this only says what would go"
    )
    connect = _on_connection(steps, "connect", "connect the new instance; the credentials are tested first")
    connect.add_argument("--provider", required=True, help="the new system, such as halo; may be the same as before")
    connect.add_argument("--credentials-file", required=True, metavar="FILE", help=FILE_HELP)
    connect.add_argument("--settings-file", metavar="FILE", help=f"{FILE_HELP}; absent settings stay")
    read = _on_connection(steps, "read", "read members and companies, so that they can be mapped")
    first = _on_connection(steps, "first", "start the first sync, which ends the change")
    for each in (purge, read, first):
        each.add_argument(
            "--wait", action="store_true", help="until it has ended, working on it here when no worker does"
        )


def _clock_time(text: str) -> dt.time:
    try:
        return dt.time.fromisoformat(text)
    except ValueError as err:
        raise argparse.ArgumentTypeError(f"“{text}” is not a time; write it like 01:30.") from err
