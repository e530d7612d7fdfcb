"""The program around a simulated PSA: options, start, end. ``docs/sandbox.md`` explains the options."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from lab.sandbox import clock, tls
from lab.sandbox.control_api import DEFAULT_KNOCK, ControlApi
from lab.sandbox.journal import Journal, JournalError, World
from lab.sandbox.seed import Seed
from lab.sandbox.server import CONTROL, Server

MISUSE = 2
W = TypeVar("W", bound=World)


@dataclass(frozen=True, slots=True)
class Vendor(Generic[W]):
    """Whose PSA it is: the module that is run, what its help says, how a world is made and its door put in."""

    module: str
    description: str
    world: Callable[[Seed], W]
    door: Callable[[W, str], ControlApi]


def run(vendor: Vendor[W], arguments: Sequence[str] | None = None) -> int:
    """Serves until it is told to end; returns the exit code."""
    with tempfile.TemporaryDirectory(prefix="sandbox-") as directory:
        return _served(vendor, _options(vendor, arguments), Path(directory))


def _served(vendor: Vendor[W], options: argparse.Namespace, directory: Path) -> int:
    """``directory``: for a certificate that nobody asked to keep."""
    journal = Journal(options.state) if options.state else None
    try:
        psa = _world(vendor, options, journal)
        place = None if options.tls is None else Path(options.tls or directory)
        secured = None if place is None else tls.context(place, options.host)
        server = Server((options.host, options.port), vendor.door(psa, options.control_token), secured)
    except (JournalError, tls.CertificateProblem, OSError, OverflowError) as err:
        print(_sentence(err, options), file=sys.stderr)
        return MISUSE
    for number in (signal.SIGTERM, signal.SIGINT):
        # shutdown() waits for the loop, so it must not run in the loop's own thread.
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    try:
        announce(server, options.ready_file, place)
        server.serve_forever(poll_interval=0.1)
    except OSError as err:
        print(f"Cannot write {options.ready_file}: {err.strerror}.", file=sys.stderr)
        return MISUSE
    finally:
        server.server_close()
        if journal:
            journal.close()
    return 0


def announce(server: Server, ready_file: Path | None, certificates: Path | None) -> None:
    """Says where it is and how to get in: one line on standard output, and the same in the file. With TLS also which
    certificate a client has to trust."""
    line = json.dumps(details(server, certificates))
    if ready_file:
        fresh = ready_file.with_name(f"{ready_file.name}.{os.getpid()}")
        fresh.write_text(line + "\n")
        os.replace(fresh, ready_file)
    print(line, flush=True)


def details(server: Server, certificates: Path | None = None) -> dict[str, str]:
    """Where a server is and how to get in; sets the address of its door."""
    control = server.control
    address = f"{server.scheme}://{server.server_name}:{server.server_port}"
    control.address = address
    told = {"address": address, "control": address + CONTROL, **control.announcement(), "control_token": control.token}
    if certificates is not None:
        told["certificate"] = str((certificates / tls.CERTIFICATE).resolve())
    return told


def _world(vendor: Vendor[W], options: argparse.Namespace, journal: Journal | None) -> W:
    now = options.now if options.now is not None else int(time.time()) // clock.DAY * clock.DAY
    seed = Seed(options.seed, options.tickets, now, options.projects)
    if journal is None:
        return vendor.world(seed)
    psa = vendor.world(journal.seed(seed, options.now is not None))
    journal.resume(psa)
    return psa


def _options(vendor: Vendor[W], arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m {vendor.module}", description=vendor.description)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: any free one)")
    parser.add_argument("--tickets", type=_count, default=5000, help="how many service tickets (default 5000)")
    parser.add_argument(
        "--projects", action="store_true", help="with projects and their tickets, where the system keeps those apart"
    )
    parser.add_argument("--seed", type=int, default=7, help="another seed makes another MSP (default 7)")
    parser.add_argument("--now", type=_moment, help="the newest day, such as 2026-01-31 (default: today)")
    parser.add_argument(
        "--control-token", default=DEFAULT_KNOCK, help=f"for the control interface (default {DEFAULT_KNOCK})"
    )
    parser.add_argument("--ready-file", type=Path, help="file for the line that is printed when it is ready")
    parser.add_argument(
        "--tls",
        nargs="?",
        const="",
        metavar="DIRECTORY",
        help="speak HTTPS, with certificate.pem and key.pem of the directory, which are made where they are not there",
    )
    parser.add_argument("--state", type=Path, help="file that keeps what was changed across restarts")
    return parser.parse_args(arguments)


def _count(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 5_000_000:
        raise argparse.ArgumentTypeError("must lie between 0 and 5,000,000")
    return number


def _moment(text: str) -> int:
    try:
        return clock.read(text)
    except ValueError as err:
        raise argparse.ArgumentTypeError(str(err)) from err


def _sentence(err: Exception, options: argparse.Namespace) -> str:
    if isinstance(err, JournalError | tls.CertificateProblem):
        return str(err)
    reason = err.strerror if isinstance(err, OSError) and err.strerror else str(err)
    return f"Cannot listen on {options.host} port {options.port}: {reason}."
