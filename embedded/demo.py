"""bin/demo: MSPortal with servers, workers and a ConnectWise to try it on, from one command."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from embedded import installation
from embedded.errors import ServersError
from embedded.keys import kept_secrets
from embedded.locations import ROOT, default_state, settle
from embedded.servers import LOOPBACK, NAMED, Servers, serving
from embedded.smoke import Smoke, Surprise
from embedded.supervisor import Interrupted, Program, ProgramEnded, Supervisor, python
from embedded.watch import watching

SANDBOX_SECONDS = 120
WEB_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Options:
    """What the person asked for."""

    port: int
    tickets: int | None
    state: Path
    smoke: bool
    fresh: bool
    others: bool = True
    """Also the organizations of the other systems, beside the one with a ConnectWise."""


def main(arguments: list[str]) -> int:
    """Runs the demo until Ctrl-C; returns the exit code."""
    began = time.monotonic()
    try:
        with _options(arguments) as options, installation.alone(options.state):
            return supervised(options, began)
    except ServersError as err:
        print(err, file=sys.stderr)
        return ServersError.EXIT_CODE
    except KeyboardInterrupt:
        print("Ended.", file=sys.stderr)
        return 130


@contextmanager
def _options(arguments: list[str]) -> Iterator[Options]:
    """The options; a smoke run gets a port and a directory of its own, so that it can't touch anybody's demo."""
    parser = argparse.ArgumentParser(prog="bin/demo", description=__doc__.partition(": ")[2])
    parser.add_argument("--port", type=int, help="where the pages are served (default 8000)")
    parser.add_argument("--tickets", type=int, help="how many the demo's ConnectWise has (default 5000)")
    parser.add_argument("--state", type=Path, help="where the data are kept (default .data)")
    parser.add_argument("--fresh", action="store_true", help="forget the data of earlier starts")
    parser.add_argument("--smoke", action="store_true", help="run the main job without a person, say what it saw, end")
    given = parser.parse_args(arguments)
    port = given.port or (installation.free_port() if given.smoke else 8000)
    temporary = Path(tempfile.mkdtemp(prefix="msportal-smoke-")) if given.smoke and not given.state else None
    state = (temporary or given.state or default_state()).resolve()
    try:
        yield Options(port, given.tickets, state, given.smoke, given.fresh)
    finally:
        if temporary:
            shutil.rmtree(temporary, ignore_errors=True)


class Demo:
    """The programs of the demo, in the order they need each other."""

    def __init__(self, options: Options, home: Path, supervisor: Supervisor) -> None:
        self.options = options
        self.supervisor = supervisor
        self.base_url = f"http://localhost:{options.port}"
        self.home = home
        self.ready_file = installation.sandbox_file(home, "connectwise")
        self.systems = tuple(installation.TICKETS) if options.others else ("connectwise",)

    def start(self) -> None:
        """Starts everything and returns when the first sync is done. Raises ProgramEnded, Interrupted, ServersError."""
        for system in self.systems:
            self._start_sandbox(system)
        self.supervisor.say("bringing the database up to date")
        self.supervisor.run(python("migrate", "manage.py", "migrate", "--verbosity", "0"))
        self.supervisor.wait(self.ready_file.exists, SANDBOX_SECONDS, "the ConnectWise sandbox was not ready")
        self._start_portal()
        installation.passwords(self.home)
        asked = self.supervisor.run(self._seed())
        self.supervisor.wait(self._answers, WEB_SECONDS, "the pages were not ready")
        if asked:
            self.supervisor.run(python("demo", "manage.py", "demo", "wait"))
        if self.options.others:
            ready = [installation.sandbox_file(self.home, system) for system in self.systems]
            self.supervisor.wait(
                lambda: all(file.exists() for file in ready), SANDBOX_SECONDS, "the other sandboxes were not ready"
            )
            self.supervisor.run(self._seed("--others"))
        self.supervisor.bears = None  # all of it has worked

    def _seed(self, *options: str) -> Program:
        files = ("--passwords", str(installation.passwords_file(self.home)), "--sandboxes", str(self.home))
        return python("demo", "manage.py", "demo", "seed", *files, *options)

    def sandbox(self) -> dict[str, str]:
        """Address, control interface and credentials of the demo's ConnectWise."""
        return {str(name): str(value) for name, value in json.loads(self.ready_file.read_text()).items()}

    def announce(self, seconds: float) -> None:
        """Says where to go and how to log in."""
        say = self.supervisor.say
        say("")
        say(f"MSPortal is ready after {seconds:.0f} s: {self.base_url}/")
        for name, password in installation.passwords(self.home).items():
            say(f"    {installation.email(name):32} {password}")
        say(f"Its ConnectWise, to play with: {self.sandbox()['control']} (docs/sandbox.md)")
        if self.options.others:
            say("The admin belongs to three more organizations: with a HaloPSA, with an Autotask, and with two PSAs")
        say(f"Commands beside it: bin/manage … · data: {self.home} · Ctrl-C ends everything")
        say("")

    def _start_sandbox(self, system: str) -> None:
        first = system == "connectwise"
        asked = installation.sandbox(self.home, self.options.tickets if first else None, system)
        ready = installation.sandbox_file(self.home, system)
        ready.unlink(missing_ok=True)
        self.supervisor.start(
            python(
                "psa" if first else system,
                *("-m", f"lab.sandbox.{system}", "--port", asked["port"], "--seed", "7"),
                *("--tickets", asked["tickets"], "--now", asked["now"], "--ready-file", str(ready)),
                *("--state", str(self.home / f"demo-{system}-changes.jsonl")),
                revived=True,
                quiet=True,
            )
        )

    def _start_portal(self) -> None:
        celery = ("-m", "celery", "--quiet", "-A", "portal.config")
        lean = ("--without-gossip", "--without-mingle", "--loglevel", "warning")
        fast = ("worker", "-Q", "interactive,push,delivery", "-c", "2", "-n", "fast@%h", *lean)
        bulk = ("worker", "-Q", "bulk", "-c", "1", "-n", "bulk@%h", *lean)
        beat = ("beat", "-S", "django_celery_beat.schedulers:DatabaseScheduler", "--pidfile=", "--loglevel", "warning")
        gunicorn = (
            *(
                "-m",
                "gunicorn",
                "-k",
                "portal.config.worker.Worker",
                "portal.config.asgi:application",
                "--no-control-socket",
            ),
            *("--bind", f"127.0.0.1:{self.options.port}", "--workers", "2", "--graceful-timeout", "8"),
            *("--log-level", "warning"),
        )
        self.supervisor.start(python("worker", *celery, *fast, grace=40, revived=True))
        self.supervisor.start(python("bulk", *celery, *bulk, grace=40, revived=True))
        self.supervisor.start(python("beat", *celery, *beat, revived=True))
        self.supervisor.start(python("web", *gunicorn, revived=True))

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.options.port}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


def supervised(options: Options, began: float) -> int:
    """Runs the demo on the embedded servers until somebody asks for its end; returns the exit code. Raises ServersError."""
    left = installation.end_leftovers(options.state)
    if not installation.is_free(options.port):
        raise ServersError(
            f"Port {options.port} is in use by another program. "
            f"End that one, or choose another port: bin/demo --port {options.port + 1}"
        )
    if options.fresh:
        _erase(options.state)
    home = settle(options.state).home
    environment = dict(os.environ) | {
        "PORTAL_STATE": str(options.state),
        "BASE_URL": f"http://localhost:{options.port}",
        "DJANGO_SETTINGS_MODULE": "portal.config.settings",
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "ignore",
    }
    with serving(environment, options.state) as servers:
        if servers is None:
            environment = kept_secrets(home) | {"OUTBOUND_ALLOWED_NETWORKS": LOOPBACK} | environment
        with Supervisor(ROOT, environment) as supervisor, watching(servers, supervisor.say):
            supervisor.started = lambda children: installation.remember(options.state, children)
            if left:
                supervisor.say(f"an earlier start was killed; ended {left} of its processes")
            return _lived(supervisor, Demo(options, home, supervisor), began)


def _lived(supervisor: Supervisor, demo: Demo, began: float) -> int:
    try:
        demo.start()
        demo.announce(time.monotonic() - began)
        if demo.options.smoke:
            login = (installation.email("admin"), installation.passwords(demo.home)["admin"])
            Smoke(supervisor, demo.base_url, demo.sandbox(), login).run()
            return 0
        supervisor.watch()
    except Interrupted:
        supervisor.say("ending")
        return 0 if not demo.options.smoke else 130
    except (ProgramEnded, Surprise) as err:
        supervisor.say(f"{err}; ending everything")
        return 1
    return 0


def _erase(state: Path) -> None:
    if any(os.environ.get(name) for name in NAMED):
        raise ServersError("--fresh forgets embedded data only; your own servers are named in the environment.")
    servers = Servers(state)
    if not servers.stop_unused():
        raise ServersError("The servers are in use by another command: end it first.")
    installation.erase(servers.places)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
