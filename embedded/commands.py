"""``bin/manage embedded …``: the embedded servers from the command line."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from embedded.backup import backup, restore
from embedded.errors import ServersError
from embedded.postgres import answers
from embedded.servers import Servers


def main(arguments: list[str]) -> int:
    """Runs one command; returns the exit code."""
    chosen = _parser().parse_args(arguments)
    try:
        servers = Servers()
        if chosen.command == "status":
            _status(servers)
        elif chosen.command == "stop":
            _stop(servers, force=chosen.force)
        elif chosen.command == "backup":
            _backup(servers, chosen.file)
        else:
            with servers:
                restore(servers, chosen.file, force=chosen.force)
            print(f"Restored from {chosen.file}. Run bin/manage migrate when this release is newer than the backup.")
    except ServersError as err:
        print(err, file=sys.stderr)
        return ServersError.EXIT_CODE
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bin/manage embedded", description="The embedded PostgreSQL and Valkey.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("status", help="what runs, where, and who uses it")
    stop = commands.add_parser("stop", help="end servers that a killed command left behind")
    stop.add_argument("--force", action="store_true", help="also when they are in use")
    saving = commands.add_parser("backup", help="write the database to FILE, also while it is in use")
    saving.add_argument("file", type=Path, metavar="FILE")
    loading = commands.add_parser("restore", help="replace the database by the one in FILE")
    loading.add_argument("file", type=Path, metavar="FILE")
    loading.add_argument("--force", action="store_true", help="although there is data, which is lost")
    return parser


def _status(servers: Servers) -> None:
    postgres, valkey = servers.postgres, servers.valkey
    for name, place in (("PostgreSQL", postgres.socket), ("Valkey", valkey.socket)):
        print(f"{name:11} {'running' if answers(place) else 'stopped'}, socket {place}")
    print(f"{'in use':11} {'yes' if servers.in_use() else 'no'}")
    print(f"{'state':11} {servers.places.state}")
    print(
        f"{'data':11} {postgres.data} (PostgreSQL {postgres.data_major() or '—'}, binaries {postgres.binary_major()})"
    )
    print(f"{'superuser':11} {postgres.url('postgres')}")


def _stop(servers: Servers, *, force: bool) -> None:
    if force:
        servers.stop_by_hand()
    elif not servers.stop_unused():
        raise ServersError("The servers are in use. End bin/demo and other commands first, or add --force.")
    print("Stopped.")


def _backup(servers: Servers, file: Path) -> None:
    with servers:
        size = backup(servers, file)
    print(f"Wrote {file}, {size:,} bytes. Stored credentials in it open only with the keys in")
    print(f"{servers.places.home / 'secrets.json'}: keep a copy of that file too, in another place.")
