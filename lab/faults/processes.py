"""Workers, beat and pages as processes of their own, to be stopped, killed and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import requests
from django.conf import settings
from django.test import Client
from django.utils.crypto import get_random_string

from embedded.installation import free_port
from embedded.locations import ROOT
from embedded.supervisor import MORTAL
from foundation.tenancy.models import User

LEAN = ("--without-gossip", "--without-mingle", "--loglevel", "warning")


class Processes:
    """Owns the processes that it starts; ``end`` kills them all. They die with this process too."""

    def __init__(self, directory: Path, sabotage: str) -> None:
        self.log = (directory / "crew.log").open("ab")
        self.sabotage = sabotage
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        """A Python process of this name."""
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(MORTAL), str(os.getpid()), sys.executable, *arguments],
            cwd=ROOT,
            env=os.environ | environment | {"FAULTS_SABOTAGE": self.sabotage},
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
        )
        self.processes[name] = process
        return process

    def worker(self, name: str, **environment: str) -> subprocess.Popen[bytes]:
        """A Celery worker for both lanes, one run at a time."""
        run = ("worker", "-Q", "interactive,bulk", "-c", "1", "-P", "solo", "-n", f"{name}@faults")
        return self.start(name, "-m", "lab.faults.worker", "-A", "portal.config", *run, *LEAN, **environment)

    def beat(self, name: str = "beat") -> subprocess.Popen[bytes]:
        """The clock that starts the sweeper."""
        scheduler = ("-S", "django_celery_beat.schedulers:DatabaseScheduler", "--pidfile=", "--loglevel", "warning")
        return self.start(name, "-m", "celery", "-A", "portal.config", "beat", *scheduler)

    def keep(self, *names: str) -> None:
        """Starts those of these workers that do not run."""
        for name in names:
            process = self.processes.get(name)
            if process is None or process.poll() is not None:
                self.worker(name)

    def kill(self, name: str) -> None:
        """Ends it without a word."""
        process = self.processes.pop(name, None)
        if process is not None:
            process.send_signal(signal.SIGKILL)
            process.wait()

    def told(self, lines: int = 60) -> str:
        """Which processes run, and the last lines that they wrote: what there is to go by when something is stuck."""
        states = [
            f"{name}: {'runs' if process.poll() is None else process.returncode}"
            for name, process in self.processes.items()
        ]
        return "\n".join([", ".join(states), *Path(self.log.name).read_text(errors="replace").splitlines()[-lines:]])

    def end(self) -> None:
        """Kills whatever still runs, stopped processes too."""
        for name in list(self.processes):
            self.kill(name)
        self.log.close()


class Pages:
    """The web server, asked from outside."""

    def __init__(self, crew: Processes) -> None:
        self.port = free_port()
        self._session = requests.Session()
        self._session.trust_env = False
        bind = ("--bind", f"127.0.0.1:{self.port}", "--workers", "1", "--log-level", "warning", "--no-control-socket")
        crew.start(
            "web", "-m", "gunicorn", "-k", "portal.config.worker.Worker", "portal.config.asgi:application", *bind
        )

    def ask(self, path: str) -> tuple[int, dict[str, str], str]:
        """(status, headers, body), asked as somebody who says to be logged in; status 0 when nobody answers."""
        cookies = {settings.SESSION_COOKIE_NAME: "somebody"}
        try:
            answer = self._session.get(self.address(path), cookies=cookies, timeout=30, allow_redirects=False)
        except requests.ConnectionError:
            return 0, {}, ""
        return answer.status_code, dict(answer.headers), answer.text

    def address(self, path: str) -> str:
        """The whole address of a path."""
        return f"http://127.0.0.1:{self.port}{path}"


class Visitor:
    """A logged-in person's browser, as far as it takes to press buttons. ``close`` it."""

    def __init__(self, pages: Pages, person: User) -> None:
        self._pages = pages
        self._session = requests.Session()
        self._session.trust_env = False
        login = Client()
        login.force_login(person, settings.AUTHENTICATION_BACKENDS[0])
        self._token = get_random_string(32)
        self._session.cookies.set(settings.SESSION_COOKIE_NAME, login.cookies[settings.SESSION_COOKIE_NAME].value)
        self._session.cookies.set(settings.CSRF_COOKIE_NAME, self._token)

    def press(self, path: str) -> tuple[int, str]:
        """(status, body) of the page that a button leads to."""
        form = {"csrfmiddlewaretoken": self._token}
        answer = self._session.post(self._pages.address(path), data=form, timeout=120)
        return answer.status_code, answer.text

    def close(self) -> None:
        self._session.close()
